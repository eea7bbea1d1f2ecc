import Foundation
import Testing
import TestSupport

extension `Loading into real databases` {
    /// A gzip that ends the program behind it in the middle of the file of one batch.
    private static let killer = """
        #!/bin/sh
        PATH=${PATH#*:}
        case $(readlink /proc/self/fd/0) in
        *-00000"$KILL_AT".*) ;;
        *) exec gzip "$@" ;;
        esac
        id=$PPID
        while [ "$(cat /proc/$id/comm)" != "$VICTIM" ]; do id=$(cut -d ' ' -f 4 /proc/$id/stat); done
        gzip "$@" | head -c 20000
        kill -9 "$id"
        """

    @Test(arguments: [(LoaderDatabase.postgres, "psql"), (.sqlite, "sqlite3")], ["csv", "ndjson"])
    func `a load that is killed in the middle of any batch is completed by the same script to the same rows`(
        _ database: (LoaderDatabase, String), _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, in: directory)
            let bin = "\(directory)/bin"
            try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
            try Data(Self.killer.utf8).write(to: URL(fileURLWithPath: "\(bin)/gzip"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(bin)/gzip")
            let target = try await database.0.target(in: directory)
            let script = try await loader(target.kind, table)
            let path = Executable.environment()["PATH"] ?? ""
            // One table for all of them: each kill comes one batch after the last.
            for number in 1...9 {
                let outcome = try await target.run(
                    script, environment: ["PATH": "\(bin):\(path)", "KILL_AT": "\(number)", "VICTIM": database.1])
                #expect(outcome.status != 0, "\(number): \(outcome.output)")
                if number > 1 { try await expectRows(target, batches: number - 1) }
            }
            try await load(script, into: target)
            try await expectRows(target)
        }
    }

    @Test(arguments: ["csv", "ndjson"])
    func `DuckDB killed after any statement is loaded to the end by the same script`(_ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, runs: 1, in: directory)
            let script = try await loader("duckdb", table)
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(directory)/load.sql"))
            let helper = TestMachine.root.appendingPathComponent("Tests/CommandTests/Loaders/duckdb-killer.py").path
            let outcome = try await Executable.run(
                try #require(TestMachine.python), [helper, "\(directory)/load.sql", directory],
                environment: Executable.environment())
            guard outcome.status == 0 else { throw LoaderFailure(outcome) }
            let kills = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            // Eleven statements a batch and the last line.
            #expect(kills.count > 30)
            #expect(Set(kills.map { $0[0] }) == ["0", "1", "2", "3"])
            let complete = try #require(kills.last)[1]
            #expect(kills.allSatisfy { $0[2] == complete })
            // A killed batch always leaves the same rows.
            for batches in 0...3 {
                let same = kills.enumerated().filter { $0.element[0] == "\(batches)" }
                #expect(Set(same.map { $0.element[1] }).count == 1)
                let number = try #require(same.first).offset
                try await expectRows(DuckDBTarget(database: "\(directory)/\(number).killed"), batches: batches)
            }
            try await expectRows(DuckDBTarget(database: "\(directory)/0.duckdb"), batches: 3)
        }
    }

    @Test func `two loads at once end with one table`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: directory)
            let target = try await LoaderDatabase.postgres.target(in: directory)
            // The first batch makes the tables; the second of two concurrent loads would fail there.
            try await load(try await loader("postgres", try await Self.firstRun(directory)), into: target)
            let script = try await loader("postgres", table)
            async let first = target.run(script)
            async let second = target.run(script)
            let outcomes = try await [first, second]
            #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes.map(\.errors))")
            try await expectRows(target)
            #expect(try await target.query("SELECT count(*) FROM athena_export_loads") == ["9"])
        }
    }

    private static func firstRun(_ directory: String) async throws -> String {
        try await goldenTable("csv", runs: 1, in: "\(directory)/first")
    }
}
