import BatchExport
import Foundation
import SystemPackage
import Testing

private let pages: [[[String?]]] = [
    [["1", "a"], ["2", "b"]], [], [["3", "c"], ["1", "d"], ["4", "e"]], [["5", nil], [nil, "x"], ["6", "f"]],
    [["1", "g"]],
]

@Suite struct `Exporting a result` {
    @Test func `batches close by rows read, whatever the pages`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run(pages)
            #expect(try export.rows() == [["1,a", "2,b", "3,c"], ["1,d", "4,e", "5,"], ["6,f", "1,g"]])
            #expect(try export.manifest.batches.map(\.firstRow) == [1, 4, 7])
            #expect(try export.manifest.batches.map(\.lastRow) == [3, 6, 9])
            #expect(try export.manifest.batches.map(\.rejectedRows) == [0, 0, 1])
            #expect(try export.manifest.runs.map(\.status) == [.succeeded])
            let rejected = try MemoryExport.gunzip(export.directory.path.appending("rejected/t-000003.ndjson.gz"))
            #expect(
                rejected == "{\"row\":7,\"reason\":\"key column id is NULL\",\"values\":{\"id\":null,\"v\":\"x\"}}\n")
        }
    }

    @Test func `of rows with one key in a batch, the last stands at its own place`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.limits = BatchLimits(rows: 100, bytes: 1 << 20)
            try await export.run(pages)
            #expect(try export.rows() == [["2,b", "3,c", "4,e", "5,", "6,f", "1,g"]])
            #expect(try export.manifest.batches.map(\.duplicateRows) == [2])
        }
    }

    @Test func `keys of several columns are compared column by column`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.primaryKey = ["id", "v"]
            export.limits = BatchLimits(rows: 100, bytes: 1 << 20)
            try await export.run([[["ab", "c"], ["a", "bc"], ["ab", "c"]]])
            #expect(try export.rows() == [["a,bc", "ab,c"]])
        }
    }

    @Test func `many rows with few keys keep the last of each`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.limits = BatchLimits(rows: 200_000, bytes: 1 << 30)
            let padding = String(repeating: "x", count: 40)
            try await export.run([(0..<30_000).map { ["k\($0 % 1000)", "\($0) \(padding)"] }])
            #expect(try export.rows() == [(29_000..<30_000).map { "k\($0 % 1000),\($0) \(padding)" }])
        }
    }

    /// Many short values of a key take more memory than their text.
    @Test(arguments: [["id"], ["id", "v"]]) func `a batch closes by the bytes of its keys, whatever the pages are`(
        _ key: [String]
    ) async throws {
        try await withTemporaryDirectory { parent in
            let rows: [[String?]] = (1...7).map { ["k\($0)", ""] }
            var files: [[[String]]] = []
            for (name, pages) in [
                ("one", [rows]), ("each", rows.map { [$0] }), ("some", [Array(rows[..<2]), Array(rows[2...])]),
            ] {
                var export = MemoryExport(parent.appending(name))
                export.primaryKey = key
                // Two bytes for each key, or ten.
                export.limits = BatchLimits(rows: 100, bytes: 1 << 20, keyBytes: key.count == 1 ? 5 : 21)
                try await export.run(pages)
                files.append(try export.rows())
            }
            #expect(files[0].map(\.count) == [3, 3, 1])
            #expect(files[1] == files[0] && files[2] == files[0])
        }
    }

    @Test func `a batch closes by bytes encoded`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.limits = BatchLimits(rows: 100, bytes: 17)
            try await export.run([[["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"]]])
            #expect(try export.rows() == [["1,a", "2,b", "3,c"], ["4,d"]])
        }
    }

    @Test(.timeLimit(.minutes(60)), arguments: FileFormat.allCases, [1, 5, 6])
    func `a batch has a row, even if the header alone has all the bytes it may`(
        _ format: FileFormat, _ bytes: Int
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.format = format
            export.limits = BatchLimits(rows: 100, bytes: bytes)
            try await export.run([[["1", "a"], [nil, "b"], ["3", "c"]], [["4", "d"]]])
            #expect(try export.rows().map(\.count) == [1, 1, 1])
            #expect(try export.manifest.batches.map(\.sequence) == [1, 3, 4])
            #expect(try export.manifest.runs.map(\.rejectedRows) == [1])
        }
    }

    @Test func `bytes of rejected rows close a batch as well`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            // Each is a line of 80 bytes in rejected/.
            export.limits = BatchLimits(rows: 1000, bytes: 200)
            try await export.run([(0..<7).map { [nil, "\($0)"] } + [["1", "a"]]])
            #expect(try export.manifest.batches.map(\.sequence) == [3])
            #expect(try export.manifest.runs.map(\.rejectedRows) == [7])
            let rejected = try (1...3).map { number in
                let path = export.directory.path.appending("rejected/t-00000\(number).ndjson.gz")
                return try MemoryExport.gunzip(path).split(separator: "\n").count
            }
            #expect(rejected == [3, 3, 1])
        }
    }

    @Test func `a result without rows writes no batch and succeeds`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run([[]])
            #expect(try export.manifest.batches.isEmpty)
            #expect(try export.manifest.runs.map(\.status) == [.succeeded])
            #expect(!FileManager.default.fileExists(atPath: export.directory.path.appending("data").string))
        }
    }

    @Test func `a batch of rejected rows alone has no data file and keeps the counts right`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run([[[nil, "a"], [nil, "b"], ["3", "c\0"], ["4", "d"]]])
            #expect(try export.manifest.batches.map(\.sequence) == [2])
            #expect(try export.manifest.runs.map(\.rejectedRows) == [3])
            #expect(try export.manifest.runs.map(\.rows) == [1])
        }
    }

    @Test func `a later run continues the numbering and leaves published files alone`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run(pages)
            let before = try export.files().filter { $0.key.hasPrefix("/data") }
            try await export.run(pages)
            #expect(try export.manifest.batches.map(\.sequence) == [1, 2, 3, 4, 5, 6])
            #expect(try export.files().filter { before.keys.contains($0.key) } == before)
        }
    }

    @Test func `a batch waits for the one before it, though it is compressed sooner`() async throws {
        let long = String((0..<2_000_000).map { _ in Character(Unicode.Scalar(UInt8.random(in: 97...122))) })
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.limits = BatchLimits(rows: 1, bytes: 1 << 30)
            try await export.run([(1...6).map { ["\($0)", $0 % 2 == 1 ? long : "short"] }])
            #expect(try export.rows() == (1...6).map { ["\($0),\($0 % 2 == 1 ? long : "short")"] })
            #expect(try export.manifest.batches.map(\.firstRow) == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test(arguments: [FileFormat.csv, .ndjson], [1, 2, 4])
    func `the bytes depend on neither page size nor workers`(_ format: FileFormat, _ workers: Int) async throws {
        let rows: [[String?]] = (0..<500).map { ["k\($0 % 450)", $0 % 7 == 0 ? nil : "v\($0)"] }
        try await withTemporaryDirectory { parent in
            var reference: [String: Data]?
            for size in [1, 7, 100, 1000] {
                var export = MemoryExport(parent.appending("\(size)"))
                export.format = format
                export.workers = workers
                export.limits = BatchLimits(rows: 120, bytes: 1 << 20)
                try await export.run(
                    stride(from: 0, to: rows.count, by: size).map { Array(rows[$0..<min($0 + size, rows.count)]) })
                let files = try export.files().filter { $0.key.hasPrefix("/data") }
                reference = reference ?? files
                #expect(files == reference)
            }
        }
    }
}

@Suite struct `Resuming after a failure` {
    @Test(arguments: [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2)])
    func `a run resumes to the same bytes wherever the source failed`(_ pagesRead: Int, _ batches: Int) async throws {
        try await withTemporaryDirectory { parent in
            let reference = MemoryExport(parent.appending("reference"))
            try await reference.run(pages)
            let export = MemoryExport(parent.appending("resumed"))
            let source = MemorySource(columns: MemoryExport.columns, pages: pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(
                        source: source, pagesBeforeFailure: pagesRead, batchesBeforeFailure: batches, of: export))
            }
            try await export.run(pages)
            #expect(try export.files() == reference.files())
        }
    }

    @Test func `a refused page token means reading again from the beginning, to the same bytes`() async throws {
        try await withTemporaryDirectory { parent in
            let single = [Array(pages.joined())]
            let reference = MemoryExport(parent.appending("reference"))
            try await reference.run(pages)
            let export = MemoryExport(parent.appending("resumed"))
            let source = MemorySource(columns: MemoryExport.columns, pages: pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 4, batchesBeforeFailure: 2, of: export))
            }
            try await export.run(MemorySource(columns: MemoryExport.columns, pages: single, refusesTokens: true))
            let files = try export.files().filter { $0.key.hasPrefix("/data") || $0.key.hasPrefix("/rejected") }
            #expect(try files == reference.files().filter { files.keys.contains($0.key) })
            #expect(try export.manifest == reference.manifest)
        }
    }

    @Test func `other rows than before after a refused token stop the run and change nothing`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            let source = MemorySource(columns: MemoryExport.columns, pages: pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 4, batchesBeforeFailure: 2, of: export))
            }
            let before = try export.files()
            await #expect {
                try await export.run([[["9", "z"], ["8", "y"], ["7", "x"], ["6", "w"]]], refusesTokens: true)
            } throws: { "\($0)".contains("gave other rows than before in batch 1") }
            #expect(try export.files() == before)
        }
    }

    @Test func `a checkpoint that leads to another place than it did stops the run and changes nothing`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            let source = MemorySource(columns: MemoryExport.columns, pages: pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 3, batchesBeforeFailure: 1, of: export))
            }
            let before = try export.files()
            var others = pages
            others[2][0] = ["3", "another row"]
            await #expect {
                try await export.run(others)
            } throws: { "\($0)".contains("row 3 of the result is not the one that was exported") }
            #expect(try export.files() == before)
            try await export.run(pages)
        }
    }

    @Test func `a result that ends before what was exported of it stops the run and changes nothing`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            let source = MemorySource(columns: MemoryExport.columns, pages: pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 4, batchesBeforeFailure: 2, of: export))
            }
            let before = try export.files()
            await #expect {
                try await export.run([Array(pages.joined().prefix(3))], refusesTokens: true)
            } throws: { "\($0)".contains("ended after 3 rows, though 6 rows") }
            #expect(try export.files() == before)
        }
    }

    @Test func `a file that has the next batch's name and other content is not replaced`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            let source = MemorySource(columns: MemoryExport.columns, pages: pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 3, batchesBeforeFailure: 1, of: export))
            }
            let intruder = export.directory.path.appending("data/batch=000002/t-000002.csv.gz").string
            try FileManager.default.createDirectory(
                atPath: export.directory.path.appending("data/batch=000002").string, withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: intruder))
            await #expect(throws: ExportError.self) { try await export.run(pages) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: intruder)) == Data("mine".utf8))
        }
    }

    @Test func `a second process in the directory is turned away`() async throws {
        try await withTemporaryDirectory { parent in
            let directory = ExportDirectory(parent: parent, table: "t")
            let journal = try ExportJournal(opening: directory, now: { "" })
            #expect { try ExportJournal(opening: directory, now: { "" }) } throws: {
                if case ExportError.locked = $0 { true } else { false }
            }
            _ = await journal.state
        }
    }

    @Test func `a changed schema is refused by name before anything is written`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run(pages)
            let before = try export.files().filter { $0.key != "/state.json" }
            let changed = [MemoryExport.columns[0], Column(name: "v", sourceType: "bigint", type: .long)]
            await #expect { try await export.run(MemorySource(columns: changed, pages: [[["1", "2"]]])) } throws: {
                "\($0)".contains("column v was varchar, is bigint")
            }
            #expect(try export.files().filter { $0.key != "/state.json" } == before)
        }
    }
}
