import Digest
import Foundation
import Gzip
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Verifying a directory` {
    /// Three batches of the recorded customers.
    private func withTable(
        _ format: String = "csv", _ body: (_ directory: String, _ table: String) async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(
                ["--replay", customers, "--batch-rows", "20", "--format", format], in: directory)
            try #require(outcome.status == 0, "\(outcome.errors)")
            try await body(directory, "\(directory)/export/customers")
        }
    }

    private func file(_ batch: Int, _ format: String = "csv") -> String {
        "data/batch=00000\(batch)/customers-00000\(batch).\(format).gz"
    }

    @Test(arguments: ["csv", "ndjson"])
    func `a directory that is as its manifest says ends with 0 and is not changed`(_ format: String) async throws {
        try await withTable(format) { directory, table in
            let before = TestMachine.files(below: directory)
            let outcome = try await run(["verify", "export/customers"], in: directory)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            #expect(outcome.output == "OK: 3 files, 44 rows match the manifest\n", "\(outcome.output)")
            #expect(TestMachine.files(below: directory) == before)
            let shown = try await run(["verify", ".", "--progress", "always"], in: table)
            #expect(shown.status == 0 && shown.errors.contains("3 of 3 files"), "\(shown.errors)")
        }
    }

    @Test func `each difference is reported in a line, and in JSON`() async throws {
        try await withTable { directory, table in
            try FileManager.default.removeItem(atPath: "\(table)/\(file(2))")
            let damaged = URL(fileURLWithPath: "\(table)/\(file(3))")
            try (Data(contentsOf: damaged) + [0]).write(to: damaged)
            try Data().write(to: URL(fileURLWithPath: "\(table)/data/stray\u{1b}[2J"))
            let outcome = try await run(["verify", "export/customers"], in: directory)
            #expect(outcome.status == 65 && outcome.errors.isEmpty, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 5, "\(lines)")
            let beginnings = [
                "\(file(2)): missing: ", "\(file(3)): bytes: ", "\(file(3)): gzip: 1 byte follows", "data/stray",
                "4 differences to the manifest, which lists 3 files, 44 rows",
            ]
            for (line, beginning) in zip(lines, beginnings) { #expect(line.hasPrefix(beginning)) }
            let json = try await run(["verify", "export/customers", "--format", "json"], in: directory)
            #expect(json.status == 65 && json.errors.isEmpty)
            let answer = JSONField(try JSONValue(parsing: Array(json.output.utf8)))
            #expect(try answer.member("status").string() == "different")
            let differences = try answer.member("differences").elements()
            #expect(
                try differences.map { try $0.member("check").string() } == ["missing", "bytes", "gzip", "not_listed"])
            #expect(try differences[0].member("path").string() == file(2))
        }
    }

    @Test func `the report in JSON names what was verified`() async throws {
        try await withTable { directory, table in
            let outcome = try await run(["verify", table, "--format", "json"], in: directory)
            let answer = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            #expect(outcome.status == 0)
            #expect(try answer.member("status").string() == "verified")
            #expect(try answer.member("files").integer() == 3 && answer.member("rows").integer() == 44)
            #expect(try answer.member("differences").elements().isEmpty && answer.member("notes").elements().isEmpty)
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `a batch that a killed run has not listed is a note, and a difference once that run was given up`()
        async throws
    {
        try await FaultInjectionJob.prepared("csv") { job in
            // After the second batch has its name, before the manifest names it.
            let links = job.points.indices.filter { job.points[$0] == "link" }
            for link in links.dropFirst() {
                let output = job.output("killed-\(link)")
                let killed = try await job.run(output, FileFault(action: .kill, point: link + 2))
                try #require(killed.status == nil)
                let listed = try ExportedTable("\(output)/customers").manifest.member("batches").elements().count
                let found = TestMachine.files(below: "\(output)/customers").keys.filter { $0.hasPrefix("data/") }
                let unfinished = try await run(["verify", "\(output)/customers"], in: job.scratch)
                #expect(unfinished.status == 0, "\(unfinished.output)")
                #expect(unfinished.output.contains("note: data/batch=") == (found.count > listed))
                guard found.count > listed else { continue }
                let restarted = try await Executable.run(
                    ["--endpoint-url", job.url, "--output", output, "--batch-rows", "20", "--restart"])
                try #require(restarted.status == 0, "\(restarted.errors)")
                let outcome = try await run(["verify", "\(output)/customers"], in: job.scratch)
                #expect(outcome.status == 65 && outcome.output.contains("not_listed"), "\(outcome.output)")
                #expect(outcome.output.split(separator: "\n").count == 2)
                return
            }
            Issue.record("no run was killed between a batch and the manifest")
        }
    }

    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs),
        arguments: [("term", 143), ("int", 130), ("hup", 129)] as [(String, Int32)])
    func `verifying stops at a signal`(_ action: String, _ status: Int32) async throws {
        try await withTable { directory, table in
            var environment = FaultShim.environment(root: "\(table)/data")
            environment["FAULT_ACTION"] = action
            environment["FAULT_AT"] = "1"
            let outcome = try await run(["verify", table], in: directory, environment: environment)
            // The last file may have been read already.
            #expect(outcome.status == status || outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.status == 0 || outcome.output.isEmpty)
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `a file that cannot be read is named`() async throws {
        try await withTable { directory, table in
            let fault = FileFault(action: .error(.EIO), point: 1, every: 1)
            let environment = FaultShim.environment(fault, root: "\(table)/data")
            let outcome = try await run(["verify", table], in: directory, environment: environment)
            #expect(outcome.status == 65 && outcome.output.contains(": unreadable: "), "\(outcome.output)")
        }
    }

    @Test func `a report that cannot be written is an error`() async throws {
        try await withTable { directory, table in
            let outcome = try await Executable.run(
                "/bin/sh", ["-c", #""$0" verify "$1" >/dev/full"#, Executable.path, table],
                environment: Executable.environment(), directory: directory)
            expectError(outcome, 74, ["standard output"])
        }
    }
}

@Suite(.limitedConcurrency) struct `Verifying unreadable directories` {
    static let commands = ["verify", "merge"]

    @Test(arguments: commands)
    func `a directory is named when it is missing or holds no export`(_ command: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data().write(to: URL(fileURLWithPath: "\(directory)/file"))
            for name in ["missing", "file", ".", "missing/customers"] {
                let outcome = try await run([command, name], in: directory)
                expectError(outcome, 66, name == "." ? ["manifest.json", "table's directory"] : [command, name])
                #expect(outcome.output.isEmpty)
            }
        }
    }

    @Test(arguments: commands)
    func `a directory may have a link for a name, as a run lets it`(_ command: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            for path in ["disk", "export"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(path)", withIntermediateDirectories: false)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/export/customers", withDestinationPath: "../disk")
            let exported = try await run(["--replay", customers], in: directory)
            try #require(exported.status == 0, "\(exported.errors)")
            for name in ["export/customers", "export/customers/", "./export/../export/customers"] {
                let outcome = try await run([command, name], in: directory)
                #expect(outcome.status == 0, "\(name): \(outcome.errors)")
            }
        }
    }

    @Test(arguments: commands, ["data", "data/batch=000001", "data/batch=000001/customers-000001.csv.gz"])
    func `a directory leads nowhere else by links`(_ command: String, _ name: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            _ = try await run(["--replay", customers], in: directory)
            let path = "\(directory)/export/customers/\(name)"
            try FileManager.default.moveItem(atPath: path, toPath: "\(directory)/elsewhere")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "\(directory)/elsewhere")
            let outcome = try await run([command, "export/customers"], in: directory)
            #expect(outcome.status == 65, "\(outcome.errors)")
            #expect((outcome.output + outcome.errors).contains("not_a_file"))
            // An error names the file by its name here, and neither command shows its content.
            #expect(!(outcome.output + outcome.errors).contains("elsewhere"))
            #expect(!outcome.output.contains("Ada"))
        }
    }

    @Test(arguments: commands)
    func `a directory with a pipe for a file does not block`(_ command: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            _ = try await run(["--replay", customers], in: directory)
            let path = "\(directory)/export/customers/data/batch=000001/customers-000001.csv.gz"
            try FileManager.default.removeItem(atPath: path)
            try #require(mkfifo(path, 0o600) == 0)
            let outcome = try await run([command, "export/customers"], in: directory)
            #expect(outcome.status == 65 && (outcome.output + outcome.errors).contains("not_a_file"))
        }
    }

    /// A gigabyte of zeros in a megabyte of gzip.
    static func bomb() async throws -> [UInt8] {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var stream = GzipStream(with: ChunkCompressor(level: 9, workers: 1))
        let first = try await stream.compress([zeros]).flatMap { $0 }
        // Every block after the first is the same, since the same bytes precede it.
        let next = try await stream.compress([zeros]).flatMap { $0 }
        let end = try await stream.finish().flatMap { $0 }
        return first + repeatElement(next, count: 1023).flatMap { $0 } + end
    }

    @Test(
        .enabled(if: TestMachine.python != nil, "needs a Python to measure memory: run Tests/setup"),
        .disabled(if: TestMachine.isSanitized, "a sanitizer takes memory of its own"), arguments: commands)
    func `a directory may hold a gigabyte in a megabyte, and less than 100 MB of memory are used`(_ command: String)
        async throws
    {
        let member = try await Self.bomb()
        #expect(member.count < 3 << 20)
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try HandmadeTable(
                in: directory, member: member, rows: 1, uncompressedBytes: 100,
                sha256: SHA256.hash(member).hexadecimal)
            let measure = """
                import resource, subprocess, sys
                status = subprocess.run(sys.argv[1:]).returncode
                print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
                sys.exit(status)
                """
            let outcome = try await Executable.run(
                try #require(TestMachine.python), ["-c", measure, Executable.path, command, table.path],
                environment: Executable.environment())
            #expect(outcome.status == 65, "\(outcome.errors)")
            #expect(
                (outcome.output + outcome.errors).contains("uncompressed_bytes"), "\(outcome.output)\(outcome.errors)")
            let peak = try #require(outcome.errors.split(separator: "\n").last?.split(separator: " ").last)
            #expect(try #require(Int(peak)) < 100 * 1000, "\(peak) KiB")
        }
    }
}
