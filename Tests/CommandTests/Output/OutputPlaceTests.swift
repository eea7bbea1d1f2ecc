import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An export below a directory, with a configuration and a query file beside it.
private func withExport(_ body: (_ directory: String) async throws -> Void) async throws {
    try await TestMachine.withTemporaryDirectory { directory in
        let outcome = try await run(["--replay", customers, "--batch-rows", "20"], in: directory)
        try #require(outcome.status == 0, "\(outcome.errors)")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(directory)/c.json"))
        try Data("SELECT 1".utf8).write(to: URL(fileURLWithPath: "\(directory)/q.sql"))
        try await body(directory)
    }
}

@Suite(.limitedConcurrency) struct `Places for metrics` {
    /// A place in an export, and the command that makes the link or second name in its spelling.
    private static let places: [(place: String, shell: String)] = [
        ("export/customers/manifest.json", ""), ("export/customers/state.json", ""),
        ("export/customers/data/batch=000001/customers-000001.csv.gz", ""), ("export/customers/new.prom", ""),
        ("export/customers/data/new.prom", ""), ("export/customers/.work/lock", ""),
        ("./export/../export/customers/manifest.json", ""),
        ("export/none/../customers/manifest.json", "mkdir export/none"),
        ("link", "ln -s export/customers/manifest.json link"), ("link/manifest.json", "ln -s export/customers link"),
        ("link/new.prom", "ln -s export/customers/data link"),
        ("second", "ln export/customers/manifest.json second"), ("second", "ln export/customers/state.json second"),
        ("export/customers/out.prom", "ln -s ../../elsewhere export/customers/out.prom"),
        ("old/new.prom", "mkdir old; cp -r export/customers/manifest.json export/customers/data old"),
        ("c.json", ""), ("./c.json", ""), ("link", "ln -s c.json link"), ("second", "ln c.json second"),
        ("q.sql", ""), ("link", "ln -s q.sql link"), ("fix/new.prom", ""), ("fix/GetQueryResults-1.json", ""),
    ]

    @Test(arguments: places.indices) func `metrics are refused among exported or recorded files, and over an input`(
        _ index: Int
    ) async throws {
        let (place, shell) = Self.places[index]
        try await withExport { directory in
            let made = try await Executable.run(
                "/bin/sh", ["-c", "cp -r '\(customers)' fix; \(shell)"], environment: Executable.environment(),
                directory: directory)
            try #require(made.status == 0, "\(made.errors)")
            let before = TestMachine.files(below: directory)
            for metrics in [place, "\(directory)/\(place)"] {
                let outcome = try await run(
                    ["--replay", "fix", "--config", "c.json", "--query-file", "q.sql", "--metrics-file", metrics]
                        + ["--table", "customers", "--key", "customer_id"], in: directory)
                expectError(outcome, 64, ["--metrics-file", place])
            }
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test func `metrics are refused over the shared AWS files, and nothing is sent then`() async throws {
        try await withExport { directory in
            let athena = FakeAthena(result: .customers(5))
            for (variable, name) in [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")] {
                try Data("[default]\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
                let outcome = try await athena.serve { url in
                    try await run(
                        ["--endpoint-url", url, "--output", "new", "--metrics-file", name], in: directory,
                        environment: Executable.environment([variable: "\(directory)/\(name)"]))
                }
                expectError(outcome, 64, ["--metrics-file", name])
            }
            #expect(athena.calls.isEmpty && !FileManager.default.fileExists(atPath: "\(directory)/new"))
        }
    }

    @Test func `metrics may stand beside the tables, over what is there already`() async throws {
        try await withExport { directory in
            try Data("old".utf8).write(to: URL(fileURLWithPath: "\(directory)/export/m.prom"))
            for metrics in ["export/m.prom", "m.prom", "customers.prom"] {
                let outcome = try await run(["--replay", customers, "--metrics-file", metrics], in: directory)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let text = try String(contentsOfFile: "\(directory)/\(metrics)", encoding: .utf8)
                #expect(text.hasPrefix("# HELP athena_export_"))
            }
        }
    }

    /// The file at `m`, whether the metrics are written to it, and the command that prints them then.
    private static let others: [(shell: String, reads: String?)] = [
        ("ln -s victim m", nil), ("ln -s none m", nil), ("mkdir m", nil), ("mkfifo m", nil),
        ("ln -s /dev/full m", nil), ("ln -s /dev/null m", ""), ("mkfifo m; cat m >seen & exec 9<>m", "seen"),
    ]

    @Test(arguments: others.indices) func `metrics are refused in the place of what is no regular file`(
        _ index: Int
    ) async throws {
        let (shell, reads) = Self.others[index]
        try await withExport { directory in
            try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(directory)/victim"))
            let outcome = try await Executable.run(
                "/bin/sh",
                [
                    "-c",
                    #"\#(shell); stat -c '%F %i' m >before; "$0" --replay "$1" --metrics-file m; status=$?; "#
                        + "exec 9>&-; wait; stat -c '%F %i' m >after; exit $status", Executable.path, customers,
                ],
                environment: Executable.environment(), directory: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            func text(_ name: String) -> String {
                (try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)) ?? ""
            }
            #expect(!text("before").isEmpty && text("before") == text("after"), "\(shell)")
            #expect(text("victim") == "precious")
            #expect(outcome.errors.contains("metrics could not be written") == (reads == nil), "\(outcome.errors)")
            if let reads, !reads.isEmpty { #expect(text(reads).contains("athena_export_run_rows")) }
            #expect(!TestMachine.files(below: directory).keys.contains { $0.hasSuffix(".tmp") })
        }
    }

    @Test(arguments: ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"], ["> out", ">> out", "| cat > out"])
    func `metrics may go to standard output by its name, which keeps what else is there`(
        _ name: String, _ redirection: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/sh",
                ["-c", #""$0" --replay "$1" --metrics-file \#(name) \#(redirection)"#, Executable.path, customers],
                environment: Executable.environment(), directory: directory)
            #expect(outcome.status == 0 && !outcome.errors.contains("could not be written"), "\(outcome.errors)")
            let text = try String(contentsOfFile: "\(directory)/out", encoding: .utf8)
            #expect(text.contains("exported 44 rows") || text.contains("exported 42 rows"), "\(text)")
            #expect(text.contains("\n# HELP athena_export_") && text.hasSuffix("\n"), "\(text)")
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root, to make a device"))
    func `metrics are written to a device by root as by other users, and the device stays one`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            // A null device for this test: a fault here must not cost the machine its /dev/null.
            let made = try await Executable.run(
                "/bin/sh", ["-c", "mknod null c 1 3 && mknod disk b 7 99 && stat -c '%F' null disk"],
                environment: Executable.environment(), directory: directory)
            guard made.status == 0 else { return }
            for (device, isWritten) in [("null", true), ("disk", false)] {
                let outcome = try await run(["--replay", customers, "--metrics-file", device], in: directory)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.errors.contains("could not be written") != isWritten, "\(outcome.errors)")
            }
            let merged = try await run(["merge", "export/customers", "-o", "null"], in: directory)
            expectError(merged, 73, ["null", "not a regular file"])
            let after = try await Executable.run(
                "/bin/sh", ["-c", "stat -c '%F' null disk"], environment: Executable.environment(),
                directory: directory)
            #expect(after.output == made.output)
        }
    }
}

@Suite(.limitedConcurrency) struct `Places for exports` {
    @Test(arguments: ["export/customers", "export/customers/data", "link", "export/customers/deep/er"])
    func `an export is refused in a table's directory`(_ output: String) async throws {
        try await withExport { directory in
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/link", withDestinationPath: "export/customers/data")
            let before = TestMachine.files(below: directory)
            let outcome = try await run(["--replay", customers, "--output", output], in: directory)
            expectError(outcome, 64, ["--output", output, "table's directory"])
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test func `an export may lie below other programs' manifests`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(#"{"name": "an extension"}"#.utf8).write(
                to: URL(fileURLWithPath: "\(directory)/manifest.json"))
            try FileManager.default.createDirectory(atPath: "\(directory)/data", withIntermediateDirectories: false)
            let outcome = try await run(["--replay", customers, "--output", "data/export"], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test func `a merge is refused in a table's directory, its own and every other one`() async throws {
        try await withExport { directory in
            try FileManager.default.copyItem(
                atPath: "\(directory)/export/customers", toPath: "\(directory)/copy")
            let before = TestMachine.files(below: directory)
            for output in ["export/customers/m.csv", "copy/data/m.csv", "export/customers/data/m.csv.gz"] {
                let outcome = try await run(["merge", "copy", "-o", output], in: directory)
                expectError(outcome, 64, ["--output", output, "table's directory"])
            }
            let scratch = try await run(
                ["merge", "copy", "--temporary-directory", "export/customers/data"], in: directory)
            expectError(scratch, 64, ["--temporary-directory", "table's directory"])
            #expect(TestMachine.files(below: directory) == before)
        }
    }
}
