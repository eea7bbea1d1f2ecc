import Files
import Foundation
import JSON
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `Runs that write changes only` {
    private func withNights(
        _ format: FileFormat = .csv, rows: Int = 3, maximumDeletes: Int = 100,
        _ body: (inout NightlyExport) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { parent in
            var nights = NightlyExport(parent, format: format, rows: rows, maximumDeletes: maximumDeletes)
            try await body(&nights)
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `a run writes the rows that are new or changed, and the keys that are gone`(_ format: FileFormat) async throws
    {
        try await withNights(format) { nights in
            try await nights.run([["a", "1"], ["b", nil], ["c", ""], ["d", "4"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["a", "1"], ["b", nil], ["c", ""]], [["d", "4"]]])
            #expect(try nights.run.unchangedRows == 0)
            try await nights.run([["e", "5"], ["a", "1"], ["b", ""], ["c", ""]])
            let entries = try nights.entriesOfRun()
            #expect(entries.map(\.rows) == [[["e", "5"], ["b", ""]], [["d"]]])
            #expect(entries.map(\.entry.isDeletes) == [false, true])
            #expect(entries.map(\.entry.sequence) == [3, 4])
            #expect(try nights.run.rows == 2 && nights.run.unchangedRows == 2)
            #expect(entries.last?.entry.file.path == "deleted/batch=000004/t-000004.\(format.fileSuffix)")
            #expect(try await nights.merged() == nights.text([["a", "1"], ["b", ""], ["c", ""], ["e", "5"]]))
            #expect(try await nights.verify() == [])
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `the first run writes the bytes that a run without the option writes`(_ format: FileFormat) async throws {
        let rows: [[String?]] = [
            ["a", "1"], ["a", "1"], ["b", "2"], ["a", "3"], [nil, "x"], ["c", "\u{0}"], ["b", "2"],
        ]
        try await withNights(format) { nights in
            try await nights.run(rows)
            let changes = nights.published
            try await withNights(format) { plain in
                plain.export.changes = nil
                try await plain.run(rows)
                #expect(plain.published == changes && !changes.isEmpty)
                #expect(try plain.run.unchangedRows == nil)
            }
            #expect(try nights.run.unchangedRows == 0)
        }
    }

    @Test func `a run in which nothing has changed writes no file and takes no number`() async throws {
        try await withNights { nights in
            let rows: [[String?]] = [["a", "1"], ["b", "2"], ["c", "3"]]
            try await nights.run(rows)
            for _ in 0..<2 {
                try await nights.run(rows)
                #expect(try nights.entriesOfRun().isEmpty)
                #expect(try nights.run.status == .succeeded && nights.run.unchangedRows == 3)
            }
            try await nights.run(rows + [["d", "4"]])
            #expect(try nights.entriesOfRun().map(\.entry.sequence) == [2])
        }
    }

    @Test func `a batch closes at rows that are written, not at rows that are read`() async throws {
        try await withNights(rows: 2) { nights in
            try await nights.run((0..<9).map { ["k\($0)", "old"] })
            let first = try nights.run.firstBatch
            try await nights.run((0..<9).map { ["k\($0)", $0 % 2 == 0 ? "new" : "old"] })
            #expect(first == 1)
            let batches = try nights.manifest.batches.suffix(3)
            #expect(batches.map(\.rows) == [2, 2, 1] && batches.map(\.unchangedRows) == [1, 2, 1])
            #expect(batches.map(\.firstRow) == [1, 4, 8] && batches.map(\.lastRow) == [3, 7, 9])
        }
    }

    @Test func `a row is compared with what the run has written of its key before`() async throws {
        try await withNights(rows: 9) { nights in
            try await nights.run([["k", "1"], ["l", "1"]])
            try await nights.run([["k", "2"], ["k", "2"], ["k", "1"], ["l", "1"], ["m", "5"], ["m", "5"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["k", "1"], ["m", "5"]]])
            #expect(try nights.run.duplicateRows == 1 && nights.run.unchangedRows == 3)
        }
    }

    @Test func `a rejected row keeps its key, unless that is NULL`() async throws {
        try await withNights(rows: 9) { nights in
            try await nights.run([["a", "1"], ["b", "2"], ["c", "3"]])
            try await nights.run([["a", "\u{0}"], [nil, "2"], ["c", "3"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["b"]]])
            #expect(try nights.run.rejectedRows == 2)
            #expect(try await nights.merged() == nights.text([["a", "1"], ["c", "3"]]))
        }
    }

    @Test func `deletes are cut by the same limits as rows, the newest file's keys first`() async throws {
        try await withNights(rows: 2) { nights in
            try await nights.run((0..<7).map { ["k\($0)", "1"] })
            try await nights.run([["k2", "2"]] + (0..<7).filter { $0 != 2 }.map { ["k\($0)", "1"] })
            try await nights.run([["k4", "1"]])
            let entries = try nights.entriesOfRun()
            #expect(entries.map(\.rows) == [[["k2"], ["k6"]], [["k5"], ["k3"]], [["k0"], ["k1"]]])
            #expect(entries.map(\.entry.isDeletes) == [true, true, true])
            #expect(try await nights.merged() == nights.text([["k4", "1"]]))
        }
    }

    @Test func `too many deletes stop the run before any of them, and a higher limit continues it`() async throws {
        try await withNights(maximumDeletes: 25) { nights in
            try await nights.run((0..<4).map { ["k\($0)", "1"] })
            let rows: [[String?]] = [["k0", "2"], ["k1", "1"]]
            for _ in 0..<2 {
                let error = await #expect(throws: ExportError.self) { try await nights.run(rows) }
                #expect(
                    error?.description.hasPrefix("2 of the 4 keys that the table has are not in the result") == true)
                #expect(error?.description.contains("--max-deletes 50,") == true)
            }
            #expect(try nights.manifest.deletes.isEmpty && nights.entriesOfRun().map(\.rows) == [[["k0", "2"]]])
            nights.export.changes = ChangeOptions(maximumDeletes: 50)
            try await nights.run(rows)
            #expect(try nights.run.runID == "run-3" && nights.entriesOfRun().map(\.rows).last == [["k3"], ["k2"]])
        }
    }

    @Test func `a result without rows deletes only with a limit of 100`() async throws {
        try await withNights(maximumDeletes: 99) { nights in
            try await nights.run([])
            try await nights.run((0..<4).map { ["k\($0)", "1"] })
            await #expect(throws: ExportError.self) { try await nights.run([]) }
            nights.export.changes = ChangeOptions(maximumDeletes: 100)
            try await nights.run([])
            #expect(try nights.run.status == .succeeded && nights.manifest.deletes.map(\.rows) == [3, 1])
            #expect(try await nights.merged() == "id,v\n")
            try await nights.run([["k1", "1"]])
            #expect(try await nights.merged() == nights.text([["k1", "1"]]))
        }
    }

    @Test func `a key that comes back is written again`() async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            try await nights.run([["a", "1"]])
            try await nights.run([["b", "2"], ["a", "1"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["b", "2"]]])
            #expect(try await nights.merged() == nights.text([["a", "1"], ["b", "2"]]))
        }
    }

    @Test(arguments: ["missing", "empty", "damaged", "older", "of another table"])
    func `an index that does not fit is made again and changes no file`(_ problem: String) async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"]])
            let older = try Data(contentsOf: nights.index)
            try await nights.run([["a", "2"], ["b", "2"], ["c", "3"]])
            switch problem {
            case "missing": try FileManager.default.removeItem(at: nights.index)
            case "empty": try Data().write(to: nights.index)
            case "damaged":
                var bytes = try Data(contentsOf: nights.index)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: nights.index)
            case "older": try older.write(to: nights.index)
            default:
                try await withNights { other in
                    try await other.run([["a", "2"], ["b", "2"], ["c", "3"]])
                    try Data(contentsOf: other.index).write(to: nights.index)
                }
            }
            try await nights.run([["b", "2"], ["a", "1"], ["d", "4"]])
            let entries = try nights.entriesOfRun()
            #expect(try entries.map(\.rows) == [[["a", "1"], ["d", "4"]], [["c"]]] && nights.run.unchangedRows == 1)
        }
    }

    @Test(arguments: ["a file", "a pipe", "a link to nowhere", "a link to a directory", "an empty directory"])
    func `an index whose name something else has is made again in its place`(_ other: String) async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            let (index, place) = (nights.index, nights.index.deletingLastPathComponent())
            let parent = nights.export.directory.path.removingLastComponent()
            let kept = URL(fileURLWithPath: parent.appending("kept").string)
            try FileManager.default.createDirectory(at: kept, withIntermediateDirectories: false)
            try Data("mine".utf8).write(to: kept.appendingPathComponent("rows.index"))
            try FileManager.default.removeItem(at: place)
            switch other {
            case "a file": try Data("mine".utf8).write(to: place)
            case "a pipe": try #require(mkfifo(place.path, 0o600) == 0)
            case "a link to nowhere":
                try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: "nowhere")
            case "a link to a directory":
                try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: kept.path)
            default: try FileManager.default.createDirectory(at: index, withIntermediateDirectories: true)
            }
            try await nights.run([["a", "2"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["a", "2"]], [["b"]]])
            #expect(try Data(contentsOf: index).count > 16)
            #expect(try Data(contentsOf: kept.appendingPathComponent("rows.index")) == Data("mine".utf8))
        }
    }

    @Test func `an index whose name a full directory has is an error that says to remove it`() async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"]])
            try FileManager.default.removeItem(at: nights.index)
            try FileManager.default.createDirectory(
                at: nights.index.appendingPathComponent("mine"), withIntermediateDirectories: true)
            let error = try await #require(throws: ExportError.self) { try await nights.run([["a", "2"]]) }
            #expect("\(error)".contains("rows.index: it is a directory with something in it; remove it, "), "\(error)")
            try FileManager.default.removeItem(at: nights.index)
            try await nights.run([["a", "2"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["a", "2"]]])
        }
    }

    @Test func `a run without the option writes everything, and the next one compares with it`() async throws {
        try await withNights(rows: 9) { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            nights.export.changes = nil
            try await nights.run([["a", "1"], ["b", "3"], ["c", "4"]])
            #expect(try nights.run.rows == 3 && nights.run.unchangedRows == nil)
            nights.export.changes = ChangeOptions(maximumDeletes: 100)
            try await nights.run([["a", "1"], ["b", "3"], ["c", "5"]])
            #expect(try nights.entriesOfRun().map(\.rows) == [[["c", "5"]]])
        }
    }

    @Test func `runs that write changes only supersede no batch`() async throws {
        try await withNights { nights in
            for value in ["1", "2", "3"] { try await nights.run([["a", value], ["b", "x"]]) }
            let journal = try ExportJournal(opening: nights.export.directory, now: { "2026-01-01T00:00:00Z" })
            #expect(try await journal.prune(keeping: 1) == [])
        }
    }

    @Test func `a manifest whose deletes are out of order, of a batch's number or elsewhere is refused`() async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            try await nights.run([["a", "1"]])
            let text = try String(contentsOfFile: nights.export.directory.manifest.string, encoding: .utf8)
            #expect(try Manifest(parsing: Array(text.utf8)) == nights.manifest)
            let deletes = text[(try #require(text.range(of: "\"deletes\"")).lowerBound)...]
            for (old, new) in [
                ("\"sequence\": 2", "\"sequence\": 1"), ("deleted/batch=000002", "data/batch=000002"),
                ("deleted/batch", "../deleted/batch"), ("\"rows\": 1", "\"rows\": 0"),
            ] {
                let changed = text.replacingOccurrences(of: deletes, with: deletes.replacing(old, with: new))
                #expect(changed != text, "\(old)")
                #expect(throws: JSONError.self, "\(old)") { try Manifest(parsing: Array(changed.utf8)) }
            }
            let older = text.replacing("\"version\": 2", with: "\"version\": 1")
            #expect(throws: JSONError.self) { try Manifest(parsing: Array(older.utf8)) }
        }
    }

    @Test func `a manifest of appended rows that lists deletes is refused`() async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            try await nights.run([["a", "1"]])
            let text = try Data(contentsOf: URL(fileURLWithPath: nights.export.directory.manifest.string))
            guard case .object(var document) = try JSONValue(parsing: Array(text)) else { throw CancellationError() }
            document["write_mode"] = "append"
            document["primary_key"] = []
            let error = #expect(throws: JSONError.self) {
                try Manifest(parsing: JSONValue.object(document).serialized(pretty: true))
            }
            #expect("\(try #require(error))".contains("deletes"))
        }
    }

    @Test(arguments: ["deleted/batch=000002/t-000002.csv.gz", "data/batch=000001/t-000001.csv.gz"])
    func `a damaged file is named by verify and merge, and by the run that needs it`(_ path: String) async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            try await nights.run([["a", "1"]])
            #expect(try await nights.verify() == [])
            let file = URL(fileURLWithPath: nights.export.directory.path.appending(path).string)
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count - 6] ^= 1
            try bytes.write(to: file)
            #expect(try await nights.verify().contains { $0.hasPrefix("\(path): sha256") })
            await #expect(throws: ExportError.self) { _ = try await nights.merged() }
            try FileManager.default.removeItem(at: nights.index)
            var other = NightlyExport(nights.export.directory.path.removingLastComponent(), maximumDeletes: 100)
            let error = await #expect(throws: ExportError.self) { try await other.run([["a", "1"]]) }
            #expect(error?.description.contains("--changes-only compares with this file") == true)
        }
    }

    @Test func `what lies in deleted and is not listed is a difference`() async throws {
        try await withNights { nights in
            try await nights.run([["a", "1"], ["b", "2"]])
            try await nights.run([["a", "1"]])
            let stray = nights.export.directory.path.appending("deleted/batch=000009")
            try FileManager.default.createDirectory(atPath: stray.string, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: stray.appending("t-000009.csv.gz").string))
            #expect(try await nights.verify().count == 1)
            #expect(try await nights.verify()[0].contains("move it out of deleted/"))
        }
    }

    @Test func `a manifest has version 2 as soon as there are deletes, and lists them`() async throws {
        try await withNights { nights in
            func document() throws -> String {
                try String(contentsOfFile: nights.export.directory.manifest.string, encoding: .utf8)
            }
            try await nights.run([["a", "1"], ["b", "2"]])
            #expect(try document().contains("\"version\": 1,") && !document().contains("deletes"))
            try await nights.run([["a", "1"]])
            #expect(try document().contains("\"version\": 2,") && document().contains("\"deletes\": ["))
            #expect(try nights.manifest.rows == 2 && nights.manifest.deletes.map(\.rows) == [1])
        }
    }
}
