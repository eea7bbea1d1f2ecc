import Foundation
import JSON
import Testing
import TestSupport

/// Every reading command, with its required options.
private let readers: [[String]] = [
    ["status"], ["verify"], ["merge"], ["loader", "postgres"], ["loader", "datapackage"],
]
/// Commands that need only the manifest and the data.
private let readersOfData: [[String]] = [["merge"], ["loader", "duckdb"]]

/// An export of the recorded customers below a directory of its own.
private func withExport(_ body: (_ directory: String, _ table: String) async throws -> Void) async throws {
    try await TestMachine.withTemporaryDirectory { directory in
        let outcome = try await run(["--replay", customers, "--batch-rows", "20"], in: directory)
        try #require(outcome.status == 0, "\(outcome.errors)")
        try await body(directory, "\(directory)/export/customers")
    }
}

private func change(_ path: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old), "\(old)")
    try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
}

@Suite(.limitedConcurrency) struct `Reading commands` {
    @Test(arguments: readers) func `a reading command takes a copied or renamed directory for what it is a copy of`(
        _ command: [String]
    ) async throws {
        try await withExport { directory, table in
            let first = try await run(command + ["export/customers"], in: directory)
            #expect(first.status == 0, "\(first.errors)")
            for name in ["backup-2026-11-29", ".copy", "two words", "customers.old/deeper"] {
                let copy = "\(directory)/copies/\(name)"
                try FileManager.default.createDirectory(
                    atPath: (copy as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try FileManager.default.copyItem(atPath: table, toPath: copy)
                let second = try await run(command + [copy], in: directory)
                #expect(second.status == 0, "\(name): \(second.errors)")
                // A loader names the files where they are.
                #expect(second.output.replacingOccurrences(of: copy, with: table) == first.output, "\(name)")
            }
        }
    }

    @Test(arguments: readers) func `a reading command needs no state.json`(_ command: [String]) async throws {
        try await withExport { directory, table in
            try FileManager.default.removeItem(atPath: "\(table)/state.json")
            let before = TestMachine.files(below: directory)
            let outcome = try await run(command + [table], in: directory)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            #expect(outcome.output.contains("there is no state.json") == (command == ["status"]))
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test(arguments: readersOfData)
    func `a reading command needs no valid state.json if it reads manifest and data alone`(
        _ command: [String]
    ) async throws {
        try await withExport { directory, table in
            let good = try await run(command + [table], in: directory)
            for text in ["", "{", #"{"format": "athena-export/state", "version": 9}"#] {
                try text.write(toFile: "\(table)/state.json", atomically: true, encoding: .utf8)
                let outcome = try await run(command + [table], in: directory)
                #expect(outcome.status == 0 && outcome.output == good.output, "\(outcome.errors)")
            }
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root, to be another user"), arguments: readers)
    func `a reading command serves a user who may read the manifest and the data and write nothing`(_ command: [String])
        async throws
    {
        try await withExport { directory, table in
            #expect(chmod(directory, 0o755) == 0)
            let own = try await run(command + [table], in: directory)
            let outcome = try await asAnotherUser(command + [table], in: directory)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            let note = "note: an unfinished run is not shown: state.json is not readable by this user\n"
            #expect(outcome.output.contains(note) == ["status", "verify"].contains(command[0]), "\(outcome.output)")
            if !outcome.output.contains(note) { #expect(outcome.output == own.output) }
            // A user who cannot know what the next run does is shown nothing about it.
            #expect(!outcome.output.contains("next run"))
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root, to be another user"))
    func
        `a reading command reports no difference for a file of a possible unfinished run if it may not read state.json`()
        async throws
    {
        try await withExport { directory, table in
            #expect(chmod(directory, 0o755) == 0)
            let next = "data/batch=000004"
            try FileManager.default.createDirectory(atPath: "\(table)/\(next)", withIntermediateDirectories: false)
            try Data([1]).write(to: URL(fileURLWithPath: "\(table)/\(next)/customers-000004.csv.gz"))
            #expect(try await run(["verify", table], in: directory).status == 65)
            let outcome = try await asAnotherUser(["verify", table], in: directory)
            #expect(outcome.status == 0 && outcome.output.contains("note: \(next)"), "\(outcome.output)")
            try Data([1]).write(to: URL(fileURLWithPath: "\(table)/data/stray.csv.gz"))
            #expect(try await asAnotherUser(["verify", table], in: directory).status == 65)
        }
    }

    /// The counts of a build for coverage are not written, since that user may not write to their directory.
    private func asAnotherUser(_ arguments: [String], in directory: String) async throws -> Executable.Outcome {
        try await Executable.run(
            "/usr/bin/env", ["setpriv", "--reuid=65534", "--clear-groups", Executable.path] + arguments,
            environment: Executable.environment(["LLVM_PROFILE_FILE": "/dev/null"]), directory: directory)
    }

    /// Defects of a directory, and the status for each.
    private static let faults: [(name: String, status: Int32, make: @Sendable (String) throws -> Void)] = [
        ("no such directory", 66, { try FileManager.default.removeItem(atPath: $0) }),
        ("no manifest", 65, { try FileManager.default.removeItem(atPath: "\($0)/manifest.json") }),
        ("a manifest of another kind", 65, { try change("\($0)/manifest.json", "athena-export/manifest", "x") }),
        ("a name that no table has", 65, { try change("\($0)/manifest.json", #""customers""#, #""../customers""#) }),
        ("another table's paths", 65, { try change("\($0)/manifest.json", #""customers""#, #""orders""#) }),
        (
            "a data file that is gone", 65,
            { try FileManager.default.removeItem(atPath: "\($0)/data/batch=000002/customers-000002.csv.gz") }
        ),
    ]

    @Test(arguments: faults.indices, readers) func `a reading command never mentions a run that resumes`(
        _ index: Int, _ command: [String]
    ) async throws {
        let (name, status, make) = Self.faults[index]
        try await withExport { directory, table in
            try make(table)
            let outcome = try await run(command + [table], in: directory)
            if outcome.status != 0, name != "no manifest" { #expect(outcome.status == status, "\(outcome.errors)") }
            for word in ["resume", "--output", "same command"] {
                #expect(!outcome.errors.contains(word), "\(name): \(outcome.errors)")
            }
        }
    }

    @Test func `a reading command accepts a directory with another name than the table's, and a run does not`()
        async throws
    {
        try await withExport { directory, table in
            try FileManager.default.moveItem(atPath: table, toPath: "\(directory)/export/orders")
            let before = TestMachine.files(below: directory)
            let outcome = try await run(["--replay", customers, "--table", "orders"], in: directory)
            expectError(outcome, 65, ["export/orders/manifest.json", "orders", "customers"])
            #expect(TestMachine.files(below: directory) == before)
        }
    }
}

@Suite(.limitedConcurrency) struct `The directory above several tables` {
    /// Two tables of customers, one of them in three batches.
    private func withTables(_ body: (_ directory: String) async throws -> Void) async throws {
        try await withExport { directory, _ in
            let outcome = try await run(
                ["--replay", customers, "--table", "orders", "--key", "customer_id"], in: directory)
            try #require(outcome.status == 0, "\(outcome.errors)")
            try FileManager.default.createDirectory(
                atPath: "\(directory)/export/empty", withIntermediateDirectories: false)
            try Data().write(to: URL(fileURLWithPath: "\(directory)/export/notes.txt"))
            try await body(directory)
        }
    }

    private func json(_ outcome: Executable.Outcome) throws -> JSONField {
        JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
    }

    @Test func `the directory above shows the status of each table in a line of its own, and in JSON in full`()
        async throws
    {
        try await withTables { directory in
            let text = try await run(["status", "export"], in: directory)
            let lines = text.output.split(separator: "\n")
            #expect(text.status == 0 && lines.count == 2, "\(text.output)\(text.errors)")
            #expect(lines[0].hasPrefix("customers: 3 batches of csv, 44 rows, "))
            #expect(lines[1].hasPrefix("orders: 1 batch of csv, ") && lines[1].contains(": succeeded, "))

            let answer = try json(try await run(["status", "export", "--format", "json"], in: directory))
            for (table, name) in zip(try answer.member("tables").elements(), ["customers", "orders"]) {
                let alone = try await run(["status", "export/\(name)", "--format", "json"], in: directory)
                #expect(try table.value == json(alone).value)
            }
        }
    }

    @Test func `a copied directory is named by its own name and by its table`() async throws {
        try await withTables { directory in
            try FileManager.default.copyItem(
                atPath: "\(directory)/export/orders", toPath: "\(directory)/export/orders.old")
            let lines = try await run(["status", "export"], in: directory).output.split(separator: "\n")
            #expect(lines.count == 3 && lines[1].hasPrefix("orders: 1 batch of csv, "), "\(lines)")
            #expect(lines[2].hasPrefix("orders.old (table orders): 1 batch of csv, "))
            let answer = try json(try await run(["status", "export", "--format", "json"], in: directory))
            let names = try answer.member("tables").elements().map { table in
                [try table.member("table").string(), try table.member("directory").string()]
            }
            #expect(names == [["customers", "customers"], ["orders", "orders"], ["orders", "orders.old"]])
        }
    }

    @Test func `the directory above has a cost that is the sum of those in its lines`() async throws {
        try await withTables { directory in
            let outcome = try await run(["status", "export", "--price-per-tb", "4.9"], in: directory)
            let costs = outcome.output.matches(of: /cost ([0-9.]+)/).compactMap { Double($0.1) }
            #expect(costs == [0.000049, 0.000049, 0.000098], "\(outcome.output)")
        }
    }

    @Test func `the directory above is verified table by table`() async throws {
        try await withTables { directory in
            let good = try await run(["verify", "export"], in: directory)
            #expect(good.status == 0, "\(good.errors)")
            #expect(
                good.output == """
                    customers: OK: 3 files, 44 rows match the manifest
                    orders: OK: 1 file, 42 rows match the manifest

                    """)
            try FileManager.default.removeItem(
                atPath: "\(directory)/export/customers/data/batch=000002/customers-000002.csv.gz")
            let bad = try await run(["verify", "export"], in: directory)
            #expect(bad.status == 65 && bad.errors.isEmpty, "\(bad.errors)")
            #expect(bad.output.hasPrefix("customers: data/batch=000002/customers-000002.csv.gz: missing: "))
            #expect(bad.output.contains("\norders: OK: "))
            let answer = try json(try await run(["verify", "export", "--format", "json"], in: directory))
            #expect(try answer.member("status").string() == "different")
            let statuses = try answer.member("tables").elements().map { try $0.member("status").string() }
            #expect(statuses == ["different", "verified"])
        }
    }

    @Test(arguments: ["status", "verify"]) func `the directory above is read to its end though one table cannot be`(
        _ command: String
    ) async throws {
        try await withTables { directory in
            try Data("{".utf8).write(to: URL(fileURLWithPath: "\(directory)/export/customers/manifest.json"))
            let outcome = try await run([command, "export"], in: directory)
            expectError(outcome, 65, ["customers: ", "manifest.json"])
            #expect(outcome.output.contains("orders: ") && !outcome.output.contains("customers: "))
            let answer = try json(try await run([command, "export", "--format", "json"], in: directory))
            let tables = try answer.member("tables").elements()
            let failed = try #require(tables.first { (try? $0.member("table").string()) == "customers" })
            #expect(try failed.member("error").member("kind").string() == "data")
            #expect(tables.count == 2)
        }
    }

    @Test(arguments: ["status", "verify"]) func `the directory above may hold a table that has published nothing yet`(
        _ command: String
    ) async throws {
        try await withTables { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/failed-query").path
            let failed = try await run(
                ["--replay", fixture, "--table", "failing", "--key", "customer_id"], in: directory)
            #expect(failed.status == 1)
            let outcome = try await run([command, "export"], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let line = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("failing: ") })
            #expect(command == "verify" ? line.contains("no manifest.json yet") : line.contains("TABLE_NOT_FOUND"))
        }
    }

    @Test(arguments: ["status", "verify"]) func `a directory above no table is named with what to give instead`(
        _ command: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            expectError(try await run([command, directory], in: directory), 66, [directory, "export/customers"])
        }
    }
}
