import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency, LoaderSuiteTrait(startsPostgres: false)) struct `Merging three runs` {
    private func expectNewest(_ rows: [[String?]], batches: Int = 9) {
        let expected = GoldenTable.reference(batches: batches)
        #expect(rows.count == expected.count)
        for row in rows { #expect(expected[Array(row.prefix(2))] == row) }
        let keys = rows.map { row in row.prefix(2).map { Array(($0 ?? "").utf8) } }
        for (key, next) in zip(keys, keys.dropFirst()) {
            let isRising =
                key[0] == next[0]
                ? key[1].lexicographicallyPrecedes(next[1]) : key[0].lexicographicallyPrecedes(next[0])
            #expect(isRising, "\(key), \(next)")
        }
    }

    @Test func `a merge is the newest row of every key in key order, whatever the formats`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let csv = try await goldenTable("csv", in: "\(directory)/csv")
            let ndjson = try await goldenTable("ndjson", in: "\(directory)/ndjson")
            let before = TestMachine.files(below: directory)
            let rows = try await merge(csv)
            expectNewest(try MergedRows.inCSV(rows))
            let objects = try await merge(ndjson)
            expectNewest(try MergedRows.inNDJSON(objects))
            #expect(try await merge(csv, ["--format", "ndjson"]) == objects)
            #expect(try await merge(ndjson, ["--format", "csv"]) == rows)
            #expect(TestMachine.files(below: directory) == before)
            for table in [csv, ndjson] {
                let verified = try await Executable.run(["verify", table])
                #expect(verified.status == 0, "\(verified.output)")
            }
        }
    }

    @Test(arguments: [1, 4, 9])
    func `a merge goes as far as --through allows`(_ batch: Int) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: directory)
            expectNewest(
                try MergedRows.inCSV(try await merge(table, ["--through", "\(batch)"])), batches: batch)
        }
    }

    @Test(arguments: ["10", "99"]) func `a batch number behind the last batch is refused`(_ batch: String) async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: directory)
            for arguments in [["merge", table, "--through", batch], ["loader", "postgres", table, "--after", batch]] {
                let outcome = try await Executable.run(arguments)
                expectError(
                    outcome, 64, [arguments[2].hasPrefix("--") ? "--through" : "--after", batch, "last one is 9"])
                #expect(outcome.output.isEmpty)
            }
        }
    }

    @Test func `a merge goes to standard output where the output is a dash`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: "\(directory)/table")
            let before = TestMachine.files(below: directory)
            let outcome = try await run(["merge", table, "-o", "-"], in: directory)
            #expect(try await merge(table) == outcome.output && outcome.status == 0, "\(outcome.errors)")
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test func `a merge into a file gives the same, in one gzip member if its name ends so`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: directory)
            let expected = try await merge(table)
            for name in ["merged.csv", "merged.csv.gz", "MERGED.CSV.GZ"] {
                try Data("old".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
                let outcome = try await run(["merge", table, "-o", name], in: directory)
                #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome.errors)")
            }
            #expect(FileManager.default.contents(atPath: "\(directory)/merged.csv") == Data(expected.utf8))
            for name in ["merged.csv.gz", "MERGED.CSV.GZ"] {
                #expect(try await TestMachine.gunzip("\(directory)/\(name)") == expected)
            }
            // For several members, gzip lists the last.
            let listed = try await Executable.run(
                "/usr/bin/env", ["gzip", "-l", "\(directory)/merged.csv.gz"], environment: Executable.environment())
            #expect(listed.output.contains(" \(expected.utf8.count) "), "\(listed.output)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".tmp") }.isEmpty)
        }
    }

    @Test func `a merge into a pipe whose reader stops early is an error in one line`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            // More than fits into a pipe.
            let table = try await HandmadeTable.falling(100..<400, textBytes: 1000, in: directory).path
            let outcome = try await Executable.run(
                "/bin/sh", ["-c", #"{ "$0" merge "$1"; echo $? >status; } | head -c 9"#, Executable.path, table],
                environment: Executable.environment(), directory: directory)
            let reason = "the reader of standard output has gone away before all rows were written"
            #expect(outcome.errors == "athena-export: error: \(reason)\n")
            #expect(FileManager.default.contents(atPath: "\(directory)/status") == Data("74\n".utf8))
            let full = try await Executable.run(
                "/bin/sh", ["-c", #""$0" merge "$1" >/dev/full"#, Executable.path, table],
                environment: Executable.environment(), directory: directory)
            expectError(full, 74, ["standard output", "No space left"])
        }
    }

    @Test func `a merge makes no file where one batch is damaged, and leaves the one that was there`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", runs: 1, in: "\(directory)/table")
            try Data("old".utf8).write(to: URL(fileURLWithPath: "\(directory)/merged.csv.gz"))
            let file = URL(fileURLWithPath: "\(table)/data/batch=000003/golden-000003.csv.gz")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count - 6] ^= 1
            try bytes.write(to: file)
            for output in ["merged.csv.gz", "new.csv"] {
                let outcome = try await run(["merge", table, "--output", output], in: directory)
                expectError(outcome, 65, ["golden-000003.csv.gz", "gzip", "athena-export verify"])
            }
            #expect(TestMachine.files(below: directory).keys.filter { !$0.hasPrefix("table") } == ["merged.csv.gz"])
            #expect(FileManager.default.contents(atPath: "\(directory)/merged.csv.gz") == Data("old".utf8))
        }
    }
}

@Suite(.limitedConcurrency) struct `Outputs of a merge` {
    private func withTable(_ body: (_ directory: String) async throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(["--replay", customers], in: directory)
            try #require(outcome.status == 0, "\(outcome.errors)")
            try await body(directory)
        }
    }

    @Test func `a merge's output is refused among the exports`() async throws {
        try await withTable { directory in
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/link", withDestinationPath: "export/customers/data")
            let before = TestMachine.files(below: directory)
            for output in ["export/customers/m.csv", "export/customers/data/m.csv", "link/m.csv", "link/../m.csv"] {
                let outcome = try await run(["merge", "export/customers", "-o", output], in: directory)
                expectError(outcome, 64, ["--output", output, "table's directory"])
            }
            let inside = try await run(["merge", ".", "-o", "m.csv"], in: "\(directory)/export/customers")
            expectError(inside, 64, ["--output", "m.csv"])
            #expect(TestMachine.files(below: directory) == before)
            let beside = try await run(["merge", "export/customers", "-o", "export/customers.csv"], in: directory)
            #expect(beside.status == 0, "\(beside.errors)")
        }
    }

    @Test(arguments: [
        "m.parquet", "m.PARQUET", "m.csv.zst", "m.csv.bz2", "m.xz", "m.zip", "m.orc", "m.avro", "m.tsv", "m.parquet.gz",
        "m.ndjson", "m.jsonl.gz", "m.json", "s3://bucket/m.csv", "file:///m.csv",
    ])
    func `a merge's output is refused under a name that promises another format`(_ output: String) async throws {
        try await withTable { directory in
            let before = TestMachine.files(below: directory)
            let outcome = try await run(["merge", "export/customers", "-o", output], in: directory)
            expectError(outcome, 64, ["--output", output])
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test(arguments: [
        ("m", "csv"), ("m.txt", "csv"), ("m.v2", "csv"), (".csv", "csv"), ("m.json.gz", "ndjson"),
        ("m.NDJSON", "ndjson"),
    ])
    func `a merge's output is accepted under any other name`(_ output: String, _ format: String) async throws {
        try await withTable { directory in
            let outcome = try await run(["merge", "export/customers", "-o", output, "--format", format], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/\(output)"))
        }
    }

    @Test func `a merge's output may be in the home directory, named by a tilde`() async throws {
        try await withTable { directory in
            let environment = Executable.environment(["HOME": directory])
            let outcome = try await run(
                ["merge", "export/customers", "--output=~/m.csv"], in: directory, environment: environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/m.csv"))
        }
    }

    @Test func `a merge's output is refused over what is no file`() async throws {
        try await withTable { directory in
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/link.csv", withDestinationPath: "\(directory)/victim")
            try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(directory)/victim"))
            try #require(mkfifo("\(directory)/pipe", 0o600) == 0)
            for output in ["link.csv", "pipe", "export", "missing/m.csv", "/dev/null"] {
                let outcome = try await run(["merge", "export/customers", "-o", output], in: directory)
                expectError(outcome, 73, [output.replacingOccurrences(of: "m.csv", with: "")])
            }
            #expect(FileManager.default.contents(atPath: "\(directory)/victim") == Data("precious".utf8))
            #expect(TestMachine.files(below: directory).keys.allSatisfy { !$0.hasSuffix(".tmp") })
        }
    }

    @Test(
        arguments: [
            (["--through", "0"], 64), (["--through", "x"], 64), (["--memory", "63MiB"], 64), (["--format", "xml"], 64),
            (["--temporary-directory", "missing"], 66),
        ] as [([String], Int32)])
    func `a merge checks its output options before it reads`(_ options: [String], _ status: Int32) async throws {
        try await withTable { directory in
            let outcome = try await run(["merge", "export/customers"] + options, in: directory)
            #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome.errors)")
            #expect(outcome.errors.contains(options[0]), "\(outcome.errors)")
        }
    }

    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs),
        arguments: [.error(.ENOSPC), .error(.EIO), .terminate, .kill] as [FileFault.Action])
    func `a merge's output is as it was, or has the whole result, after a fault at any call`(_ action: FileFault.Action)
        async throws
    {
        try await withTable { directory in
            let target = "\(directory)/out"
            let output = "\(target)/merged.csv.gz"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
            let arguments = ["merge", "\(directory)/export/customers", "-o", output]
            let undisturbed = try await Executable.run(
                arguments, environment: FaultShim.environment(root: target, log: "\(directory)/points"))
            try #require(undisturbed.status == 0, "\(undisturbed.errors)")
            let whole = TestMachine.files(below: target)
            let points = try String(contentsOfFile: "\(directory)/points", encoding: .utf8).split(separator: "\n")
            try #require(points.count >= 7, "\(points)")
            let old = ["merged.csv.gz": Data("old".utf8)]
            for point in 1...points.count {
                try Data("old".utf8).write(to: URL(fileURLWithPath: output))
                let outcome = try await Executable.run(
                    arguments, environment: FaultShim.environment(FileFault(action: action, point: point), root: target)
                )
                let comment: Comment = "\(action) at \(points[point - 1]): \(outcome.errors)"
                var files = TestMachine.files(below: target)
                switch outcome.status {
                case 0: #expect(files == whole, comment)
                case 73, 74:
                    expectError(outcome, outcome.status ?? 0, [target])
                    #expect(!outcome.errors.contains("resume"), comment)
                    #expect(files == old || files == whole && points.prefix(point - 1).contains("rename"), comment)
                case 143: #expect(files == old, comment)
                default:
                    // Only SIGKILL may leave a temporary file, whose name no reader takes for a result.
                    #expect(outcome.status == nil && "\(action)" == "kill", comment)
                    for name in files.keys where name.hasPrefix(".merged.csv.gz.") && name.hasSuffix(".tmp") {
                        files[name] = nil
                        try FileManager.default.removeItem(atPath: "\(target)/\(name)")
                    }
                    #expect(files == old || files == whole, comment)
                }
            }
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `a merge that cannot read a batch says so, and not that the batch is another one`() async throws {
        try await withTable { directory in
            let data = "\(directory)/export/customers/data"
            let arguments = ["merge", "\(directory)/export/customers"]
            let undisturbed = try await Executable.run(
                arguments, environment: FaultShim.environment(root: data, log: "\(directory)/points"))
            try #require(undisturbed.status == 0, "\(undisturbed.errors)")
            let points = try String(contentsOfFile: "\(directory)/points", encoding: .utf8).split(separator: "\n")
            let reads = points.indices.filter { points[$0] == "read" }
            try #require(!reads.isEmpty, "\(points)")
            for read in reads {
                let fault = FileFault(action: .error(.EIO), point: read + 1)
                let outcome = try await Executable.run(
                    arguments, environment: FaultShim.environment(fault, root: data))
                expectError(outcome, 74, [data, "Input/output error"])
                #expect(outcome.output.isEmpty && !outcome.errors.contains("restore"), "\(outcome.errors)")
            }
        }
    }
}

@Suite(.limitedConcurrency, .enabled(if: FaultShim.path != nil, FaultShim.needs)) struct `Merging beyond memory` {
    @Test(.disabled(if: TestMachine.isSanitized, "takes minutes under a sanitizer, and has one thread"))
    func `a merge sorts in a temporary file that is gone whatever happens`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            // This limit leaves a little more than 64 MiB for sorting.
            let table = try await HandmadeTable.falling(10_000..<16_500, textBytes: 4000, in: directory)
            let scratch = "\(directory)/scratch"
            let target = "\(directory)/out"
            for path in [scratch, target] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            }
            let arguments = [
                "merge", table.path, "--memory", "64MiB", "--temporary-directory", scratch, "-o", "\(target)/m.csv",
            ]
            func files() -> [String] {
                [scratch, target].flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
            }
            let good = try await Executable.run(
                arguments, environment: FaultShim.environment(root: scratch, log: "\(directory)/points"))
            #expect(good.status == 0, "\(good.errors)")
            #expect(files() == ["m.csv"])
            let expected = HandmadeTable.text(keys: 10_000..<16_500, textBytes: 4000)
            #expect(FileManager.default.contents(atPath: "\(target)/m.csv") == Data(expected), "it is not in order")
            try FileManager.default.removeItem(atPath: "\(target)/m.csv")

            let points = try String(contentsOfFile: "\(directory)/points", encoding: .utf8).split(separator: "\n")
            let write = try #require(points.lastIndex(of: "write")) + 1
            for (action, point, status) in [
                (.error(.ENOSPC), write, 74), (.terminate, 3, 143), (.kill, write, nil),
            ] as [(FileFault.Action, Int, Int32?)] {
                let outcome = try await Executable.run(
                    arguments,
                    environment: FaultShim.environment(FileFault(action: action, point: point), root: scratch))
                #expect(outcome.status == status, "\(action): \(outcome.errors)")
                #expect(
                    files().allSatisfy { "\(action)" == "kill" && $0.hasPrefix(".m.csv.") }, "\(action): \(files())")
                if case .error = action { expectError(outcome, status ?? 0, [scratch]) }
            }
        }
    }
}
