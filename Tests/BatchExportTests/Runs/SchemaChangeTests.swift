import Foundation
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `A result with other columns than its directory` {
    private static let narrow: [[[String?]]] = [[["1", "a"], ["2", "b"], ["3", "c"]], [["4", "d"]]]
    /// In another order, with two more columns.
    private static let wideColumns = ["w", "v", "x", "id"].map {
        Column(name: $0, sourceType: $0 == "x" ? "double" : "varchar", type: $0 == "x" ? .double : .string)
    }
    private static let wide: [[[String?]]] = [
        [["w2", "B", "0.5", "2"], ["w5", "e", nil, "5"]], [[nil, "f", "1.5", "6"], ["w7", "g", "2.5", "7"]],
    ]
    private static let widened = [["2,B,w2,0.5", "5,e,w5,", "6,f,,1.5"], ["7,g,w7,2.5"]]

    private func withExport(
        _ format: FileFormat = .csv, key: [String] = ["id"], _ body: (MemoryExport) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.format = format
            export.primaryKey = key
            try await export.run(Self.narrow)
            export.onSchemaChange = .appendNewColumns
            try await body(export)
        }
    }

    private static func source(
        _ columns: [Column] = wideColumns, _ pages: [[[String?]]] = wide
    ) -> MemorySource { MemorySource(columns: columns, pages: pages) }

    private func merge(_ export: MemoryExport, _ format: FileFormat, through: Int? = nil) async throws -> String {
        let options = Merge.Options(
            through: through, format: format, memory: 1 << 20, temporaryDirectory: "/tmp", chunksAtATime: 2)
        let output = MemoryOutput()
        _ = try await Merge(export.directory, try export.manifest, options).run(into: output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test
    func `columns in another order are refused before the query of a new run, whatever the run before it has done`()
        async throws
    {
        try await withExport { export in
            func options(_ policy: SchemaChangePolicy) -> ExportOptions {
                ExportOptions(
                    primaryKey: ["id"], format: .csv, limits: export.limits, compressionLevel: 6, workers: 1,
                    onSchemaChange: policy)
            }
            let journal = try ExportJournal(opening: export.directory, now: { "" })
            let columns = Array(MemoryExport.columns.reversed())
            await #expect(throws: ExportError.self) { try await journal.check(columns: columns, options(.fail)) }
            try await journal.check(columns: columns, options(.appendNewColumns))
        }
    }

    @Test func `new columns are appended to the files to come, in the order of the manifest`() async throws {
        try await withExport { export in
            let before = try export.files().filter { $0.key.hasPrefix("/data") }
            try await export.run(Self.source())
            #expect(try Array(export.rows()[2...]) == Self.widened)
            let text = try MemoryExport.gunzip(export.directory.path.appending(try export.manifest.batches[2].path))
            #expect(text.hasPrefix("id,v,w,x\n"))
            let manifest = try export.manifest
            #expect(manifest.columns.map(\.name) == ["id", "v", "w", "x"])
            #expect(manifest.tableColumns.map(\.sinceBatch) == [nil, nil, 3, 3])
            #expect(manifest.columns(ofBatch: 2).map(\.name) == ["id", "v"])
            #expect(try export.files().filter { before.keys.contains($0.key) } == before)
            let json = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: export.directory.manifest.string)), as: UTF8.self)
            #expect(json.contains(#""version": 2"#) && json.contains(#""since_batch": 3"#))
            let outcome = try await Verification(export.directory, manifest, nil).run(workers: 2) { _ in }
            #expect(outcome.differences.isEmpty && outcome.files == 4)
        }
    }

    @Test(arguments: FileFormat.allCases, [["id"], []])
    func `rows of older files are merged with NULL in the columns that they lack`(
        _ format: FileFormat, _ key: [String]
    ) async throws {
        try await withExport(format, key: key) { export in
            try await export.run(Self.source())
            let second = key.isEmpty ? ["2,b,,"] : []
            let csv = ["id,v,w,x", "1,a,,"] + (key.isEmpty ? second : ["2,B,w2,0.5"]) + ["3,c,,", "4,d,,"]
            let rest = (key.isEmpty ? ["2,B,w2,0.5"] : []) + ["5,e,w5,", "6,f,,1.5", "7,g,w7,2.5"]
            #expect(try await merge(export, .csv) == (csv + rest).joined(separator: "\n") + "\n")
            let ndjson = try await merge(export, .ndjson)
            #expect(ndjson.hasPrefix(#"{"id":"1","v":"a","w":null,"x":null}"# + "\n"))
            #expect(ndjson.contains(#"{"id":"2","v":"B","w":"w2","x":0.5}"# + "\n"))
            // As the table was then.
            #expect(try await merge(export, .csv, through: 2) == "id,v\n1,a\n2,b\n3,c\n4,d\n")
        }
    }

    @Test func `columns may come again and again, and the order of a result never counts`() async throws {
        try await withExport { export in
            try await export.run(Self.source())
            let text = { (name: String) in Column(name: name, sourceType: "varchar", type: .string) }
            let columns = [text("y")] + Self.wideColumns
            try await export.run(Self.source(columns, [[["y1", "w1", "v1", "1.5", "1"]]]))
            #expect(try export.rows().last == ["1,v1,w1,1.5,y1"])
            #expect(try export.manifest.tableColumns.map(\.sinceBatch) == [nil, nil, 3, 3, 5])
            try await export.run(Self.source(columns.reversed(), [[["2", "2.5", "v2", "w2", "y2"]]]))
            #expect(try export.rows().last == ["2,v2,w2,2.5,y2"])
            #expect(try export.manifest.tableColumns.map(\.sinceBatch) == [nil, nil, 3, 3, 5])
            let outcome = try await Verification(export.directory, try export.manifest, nil).run(workers: 2) { _ in }
            #expect(outcome.differences.isEmpty)
        }
    }

    @Test func `a file with columns that its batch should not have is found by verify`() async throws {
        try await withExport { export in
            try await export.run(Self.source())
            var manifest = try export.manifest
            manifest.tableColumns = manifest.columns.enumerated().map { index, column in
                Manifest.TableColumn(column: column, sinceBatch: index < 2 ? nil : 4)
            }
            let outcome = try await Verification(export.directory, manifest, nil).run(workers: 2) { _ in }
            #expect(outcome.differences.map(\.check) == [.header])
        }
    }

    // MARK: - What is an error

    private func expectRefused(
        _ export: MemoryExport, _ source: MemorySource, _ words: [String], isAppendable: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try export.files().filter { $0.key.hasPrefix("/data") || $0.key == "/manifest.json" }
        let error = await #expect(throws: ExportError.self, sourceLocation: sourceLocation) {
            try await export.run(source)
        }
        let message = "\(try #require(error))"
        for word in words { #expect(message.contains(word), "\(message)", sourceLocation: sourceLocation) }
        #expect(
            message.contains("--on-schema-change append_new_columns") == isAppendable, "\(message)",
            sourceLocation: sourceLocation)
        let after = try export.files().filter { $0.key.hasPrefix("/data") || $0.key == "/manifest.json" }
        #expect(after == before, sourceLocation: sourceLocation)
    }

    @Test func `without the option new columns and another order are errors that name it`() async throws {
        try await withExport { export in
            var export = export
            export.onSchemaChange = .fail
            try await expectRefused(
                export, Self.source(), ["column w is new; column x is new"], isAppendable: true)
            try await expectRefused(
                export, Self.source(MemoryExport.columns.reversed(), [[["a", "1"]]]), ["another order"],
                isAppendable: true)
        }
    }

    @Test(arguments: [SchemaChangePolicy.fail, .appendNewColumns])
    func `a column that is gone and a type that is another are errors under any option`(
        _ policy: SchemaChangePolicy
    ) async throws {
        try await withExport { export in
            var export = export
            export.onSchemaChange = policy
            let text = { (name: String) in Column(name: name, sourceType: "varchar", type: .string) }
            try await expectRefused(
                export, Self.source([text("id"), text("w")], [[["1", "2"]]]), ["column v is gone", "column w is new"],
                isAppendable: false)
            let number = Column(name: "v", sourceType: "bigint", type: .long)
            try await expectRefused(
                export, Self.source([text("id"), number], [[["1", "2"]]]), ["column v was varchar, is bigint"],
                isAppendable: false)
            // Nested values, which are text or JSON.
            let json = Column(name: "v", sourceType: "varchar", type: .json)
            try await expectRefused(
                export, Self.source([text("id"), json], [[["1", "2"]]]),
                ["the values of column v were STRING, are JSON"], isAppendable: false)
            export.primaryKey = ["v"]
            try await expectRefused(export, Self.source(), ["key id became v"], isAppendable: false)
        }
    }

    @Test(arguments: [("\u{e9}", "e\u{301}"), ("e\u{301}", "\u{e9}")])
    func `a column whose name comes in another spelling of Unicode is an error, and a key takes the column's spelling`(
        _ name: String, _ other: String
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.primaryKey = [other]
            func source(_ name: String) -> MemorySource {
                Self.source(
                    ["id", name].map { Column(name: $0, sourceType: "varchar", type: .string) }, [[["1", "k"]]])
            }
            try await export.run(source(name))
            #expect(try export.manifest.primaryKey.map { Array($0.utf8) } == [Array(name.utf8)])
            for policy in [SchemaChangePolicy.fail, .appendNewColumns] {
                export.onSchemaChange = policy
                try await expectRefused(export, source(other), ["another spelling"], isAppendable: false)
            }
        }
    }

    // MARK: - Runs that end early

    @Test(arguments: [SchemaChangePolicy.fail, .appendNewColumns])
    func `a run with new columns that was interrupted is completed to the same bytes, with the option or without`(
        _ policy: SchemaChangePolicy
    ) async throws {
        try await withTemporaryDirectory { parent in
            var exports = ["whole", "half"].map { MemoryExport(parent.appending($0)) }
            for index in exports.indices {
                try await exports[index].run(Self.narrow)
                exports[index].onSchemaChange = .appendNewColumns
            }
            try await exports[0].run(Self.source())
            let half = exports[1]
            await #expect(throws: FailingSource.Failure.self) {
                // The first batch needs rows of both pages, so the source has three.
                let pages = [Self.wide[0] + [Self.wide[1][0]], [Self.wide[1][1]]]
                try await half.run(
                    FailingSource(
                        source: Self.source(Self.wideColumns, pages), pagesBeforeFailure: 1, batchesBeforeFailure: 3,
                        of: half))
            }
            #expect(try half.manifest.tableColumns.map(\.sinceBatch) == [nil, nil, 3, 3])
            exports[1].onSchemaChange = policy
            try await exports[1].run(
                Self.source(Self.wideColumns, [Self.wide[0] + [Self.wide[1][0]], [Self.wide[1][1]]]))
            #expect(try exports[1].rows() == (try exports[0].rows()))
            #expect(try exports[1].manifest == (try exports[0].manifest))
        }
    }

    @Test func `new columns of the first file are in the manifest at once, also behind many batches`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.limits = BatchLimits(rows: 1, bytes: 1 << 20)
            try await export.run((1...40).map { [["k\($0)", "v"]] })
            export.onSchemaChange = .appendNewColumns
            let rows: [[[String?]]] = (1...6).map { [["w", "v", "1.5", $0 == 1 ? nil : "n\($0)"]] }
            let wide = export
            await #expect(throws: FailingSource.Failure.self) {
                try await wide.run(
                    FailingSource(
                        source: Self.source(Self.wideColumns, rows), pagesBeforeFailure: 4, batchesBeforeFailure: 44,
                        of: wide))
            }
            // The first row was rejected, so batch 42 has the first file.
            #expect(try wide.manifest.tableColumns.map(\.sinceBatch) == [nil, nil, 42, 42])
            try await wide.run(Self.source(Self.wideColumns, rows))
            #expect(try wide.manifest.batches.count == 45)
            let outcome = try await Verification(wide.directory, try wide.manifest, nil).run(workers: 2) { _ in }
            #expect(outcome.differences.isEmpty)
        }
    }

    @Test(arguments: [[], [["w", "d", "0.5", nil]]] as [[[String?]]])
    func `a run that writes no row adds its columns too, from the next batch on`(_ rows: [[String?]]) async throws {
        try await withExport { export in
            var export = export
            try await export.run(Self.source(Self.wideColumns, [rows]))
            #expect(try export.manifest.columns.map(\.name) == ["id", "v", "w", "x"])
            #expect(try export.manifest.batches.map(\.sequence) == [1, 2])
            export.onSchemaChange = .fail
            try await export.run(Self.source(try export.manifest.columns, [[["5", "e", "w5", nil]]]))
            let manifest = try export.manifest
            #expect(manifest.columns(ofBatch: try #require(manifest.batches.last).sequence).count == 4)
            let outcome = try await Verification(export.directory, manifest, nil).run(workers: 2) { _ in }
            #expect(outcome.differences.isEmpty && outcome.files == 3)
        }
    }

    // MARK: - The manifest

    @Test(
        arguments: [
            (#""since_batch": 3"#, #""since_batch": 0"#, "since_batch"),
            (#""version": 2"#, #""version": 1"#, "version"), (#""version": 2"#, #""version": 3"#, "newer"),
            (#""nullable": false"#, #""nullable": false, "since_batch": 2"#, "key"),
        ])
    func `a manifest whose columns do not fit each other is refused`(
        _ old: String, _ new: String, _ word: String
    ) async throws {
        try await withExport { export in
            try await export.run(Self.source())
            let url = URL(fileURLWithPath: export.directory.manifest.string)
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            #expect(text.contains(old))
            try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: url)
            let error = #expect(throws: ExportError.self) { try ExportJournal.read(export.directory) }
            #expect("\(try #require(error))".contains(word))
        }
    }
}
