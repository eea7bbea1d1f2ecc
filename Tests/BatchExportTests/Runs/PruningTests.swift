import Files
import Foundation
import SystemPackage
import Testing
import TestSupport

@testable import BatchExport

/// Runs in one directory, as a scheduler starts them.
private struct Schedule {
    var export: MemoryExport

    init(_ parent: FilePath) { export = MemoryExport(parent) }

    /// One row a batch, so that a run of three rows has three batches.
    mutating func run(
        _ rows: [String], statement: Character = "0", cursor: Bool = false, changesOnly: Bool = false
    ) async throws {
        export.limits = BatchLimits(rows: 1, bytes: 1 << 20)
        export.querySHA256 = String(repeating: statement, count: 64)
        export.cursorColumn = cursor ? "v" : nil
        export.changes = changesOnly ? ChangeOptions(maximumDeletes: 100) : nil
        try await export.run([rows.map { [$0, $0] }])
    }

    func prune(_ count: Int) async throws -> [Int] {
        let journal = try ExportJournal(opening: export.directory, now: { "" })
        return try await journal.prune(keeping: count).map(\.sequence)
    }

    var listed: [Int] { get throws { try export.manifest.batches.map(\.sequence) } }

    /// The batches in `data/`.
    var onDisk: [Int] {
        let names = try? DirectoryListing.names(in: export.directory.path.appending("data"))
        return (names ?? []).compactMap { Int($0.dropFirst(6)) }
    }
}

@Suite struct `Pruning` {
    @Test func `pruning keeps the newest full runs, on the list and on disk, and their numbers continue`() async throws
    {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            for night in 1...4 { try await schedule.run(["a\(night)", "b"]) }
            #expect(try await schedule.prune(5) == [])
            #expect(try await schedule.prune(4) == [])
            #expect(try await schedule.prune(2) == [1, 2, 3, 4])
            #expect(try schedule.listed == [5, 6, 7, 8] && schedule.onDisk == [5, 6, 7, 8])
            #expect(try await schedule.prune(2) == [])
            try await schedule.run(["c"])
            #expect(try await schedule.prune(1) == [5, 6, 7, 8])
            #expect(try schedule.listed == [9] && schedule.export.manifest.pruned == [1...8])
            #expect(try schedule.export.manifest.runs.count == 5)
            #expect(try schedule.export.manifest.totals == [1, 1])
        }
    }

    @Test func `pruning removes nothing after a run with a cursor, whose rows no other run has brought`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            try await schedule.run(["a"])
            for night in 1...5 { try await schedule.run(["b\(night)"], cursor: true) }
            let before = try schedule.export.files()
            #expect(try await schedule.prune(1) == [])
            #expect(try schedule.export.files() == before)
        }
    }

    @Test func `pruning after a full run removes the runs with a cursor before it, and none after it`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            try await schedule.run(["a"])
            try await schedule.run(["b"], cursor: true)
            try await schedule.run(["c"])
            try await schedule.run(["d"], cursor: true)
            try await schedule.run(["e"])
            #expect(try await schedule.prune(2) == [1, 2])
            #expect(try schedule.listed == [3, 4, 5])
        }
    }

    @Test func `pruning after a full run removes the runs before it that wrote changes only, and none after it`()
        async throws
    {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            try await schedule.run(["a", "b"], changesOnly: true)
            try await schedule.run(["a", "b", "c"], changesOnly: true)
            #expect(try await schedule.prune(1) == [])
            try await schedule.run(["b", "d"])
            #expect(try await schedule.prune(1) == [1, 2, 3])
            #expect(try schedule.listed == [4, 5])
            try await schedule.run(["b", "e"], changesOnly: true)
            #expect(try await schedule.prune(1) == [])
            #expect(try schedule.listed == [4, 5, 6])
        }
    }

    @Test func `pruning leaves runs of another statement alone, which may have brought other rows`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            for _ in 1...3 {
                try await schedule.run(["a"], statement: "a")
                try await schedule.run(["b"], statement: "b")
            }
            #expect(try await schedule.prune(1) == [2, 4])
            #expect(try schedule.listed == [1, 3, 5, 6])
        }
    }

    @Test func `pruning leaves runs of another database alone, with a cursor or without`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            for database in ["sales", "test", nil, "sales"] {
                schedule.export.database = database
                try await schedule.run(["a"])
                try await schedule.run(["b"], cursor: true)
            }
            schedule.export.database = "sales"
            try await schedule.run(["c"])
            #expect(try await schedule.prune(1) == [1, 2, 7, 8])
            #expect(try schedule.listed == [3, 4, 5, 6, 9])
        }
    }

    @Test func `pruning does not take an empty run for the whole table`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            try await schedule.run(["a"])
            try await schedule.run([])
            #expect(try await schedule.prune(1) == [])
            try await schedule.run(["b"])
            #expect(try await schedule.prune(1) == [1])
            #expect(try schedule.listed == [2])
        }
    }

    @Test func `pruning does nothing to a manifest of a version that did not record full runs`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            for _ in 1...3 { try await schedule.run(["a"]) }
            let url = URL(fileURLWithPath: schedule.export.directory.manifest.string)
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self).split(separator: "\n")
            let old = text.filter { !$0.contains("parameters_sha256") && !$0.contains("first_batch") }
            try Data(old.joined(separator: "\n").replacingOccurrences(of: ",\n    }", with: "\n    }").utf8).write(
                to: url)
            #expect(try await schedule.prune(1) == [])
        }
    }

    @Test func `pruning that was killed leaves no damage, and the next run removes the rest`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            for night in 1...3 { try await schedule.run(["a\(night)"]) }
            let files = try schedule.export.files().filter { $0.key.contains("batch=00000") }
            _ = try await schedule.prune(1)
            for (path, data) in files {
                let url = URL(fileURLWithPath: schedule.export.directory.path.string + path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try data.write(to: url)
            }
            let foreign = schedule.export.directory.path.appending("data/batch=000001/mine.txt").string
            try Data("x".utf8).write(to: URL(fileURLWithPath: foreign))
            let (manifest, state) = try ExportJournal.read(schedule.export.directory)
            let verification = try Verification(schedule.export.directory, try #require(manifest), state)
            let outcome = try await verification.run(workers: 1, report: { _ in })
            #expect(outcome.differences.map(\.path) == ["data/batch=000001/mine.txt"])
            #expect(outcome.notes.count == 2)
            #expect(try await schedule.prune(1) == [])
            #expect(schedule.onDisk == [1, 3])
            #expect(FileManager.default.fileExists(atPath: foreign))
        }
    }

    @Test func `pruning follows no link`() async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            for night in 1...2 { try await schedule.run(["a\(night)"]) }
            let data = schedule.export.directory.path.appending("data").string
            try FileManager.default.moveItem(atPath: "\(data)/batch=000001", toPath: "\(parent)/elsewhere")
            try FileManager.default.createSymbolicLink(
                atPath: "\(data)/batch=000001", withDestinationPath: "\(parent)/elsewhere")
            #expect(try await schedule.prune(1) == [1])
            #expect(FileManager.default.fileExists(atPath: "\(parent)/elsewhere/t-000001.csv.gz"))
        }
    }

    @Test(arguments: [
        #"[{"first": 2, "last": 2}]"#, #"[{"first": 0, "last": 1}]"#, #"[{"first": 5, "last": 4}]"#,
        #"[{"first": 5, "last": 6}, {"first": 6, "last": 7}]"#, #"[{"first": 5}]"#, "5",
    ])
    func `a manifest that calls listed batches pruned, or none, is refused`(_ pruned: String) async throws {
        try await withTemporaryDirectory { parent in
            var schedule = Schedule(parent)
            try await schedule.run(["a", "b"])
            let url = URL(fileURLWithPath: schedule.export.directory.manifest.string)
            let text = try Data(contentsOf: url)
            try Data(Array(#"{"pruned": "#.utf8) + Array(pruned.utf8) + Array(",".utf8) + text.dropFirst()).write(
                to: url)
            #expect { try ExportJournal.read(schedule.export.directory) } throws: {
                "\($0)".contains("pruned") && "\($0)".contains("manifest.json")
            }
        }
    }
}

extension Manifest {
    /// The counts of a loader.
    fileprivate var totals: [Int] { [batches.count, rows] }
}
