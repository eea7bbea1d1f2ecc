import BatchExport
import Foundation
import JSON
import SystemPackage
import Testing
import TestSupport

/// A directory with one finished run and one that stopped after its second batch.
private struct HalfDone {
    let export: MemoryExport
    var directory: ExportDirectory { export.directory }

    static func prepared(_ body: (HalfDone) throws -> Void) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.primaryKey = ["id", "n"]
            let columns = [
                MemoryExport.columns[0],
                Column(name: "n", sourceType: "decimal", type: .decimal, precision: 38, scale: 10),
            ]
            let rows: [[[String?]]] = [
                [["1", "1"], ["2", "2"]], [["3", "3"], ["1", "1"], ["4", "4"]], [["5", "5"]],
            ]
            try await export.run(MemorySource(columns: columns, pages: rows))
            let source = MemorySource(columns: columns, pages: rows)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 2, batchesBeforeFailure: 3, of: export))
            }
            let before = try export.files()
            try body(HalfDone(export: export))
            #expect(try export.files() == before)
        }
    }

    /// The text of a document, and its place.
    func document(_ name: String) throws -> (path: FilePath, text: [UInt8]) {
        let path = name == "state.json" ? directory.state : directory.manifest
        return (path, Array(try Data(contentsOf: URL(fileURLWithPath: path.string))))
    }

    /// Replaces a document for a while, and expects that it is refused by its name in one line.
    func expectRefused(
        _ name: String, _ text: [UInt8], _ word: String, _ comment: Comment,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (path, good) = try document(name)
        defer { try? Data(good).write(to: URL(fileURLWithPath: path.string)) }
        try Data(text).write(to: URL(fileURLWithPath: path.string))
        let error = #expect(throws: ExportError.self, comment, sourceLocation: sourceLocation) {
            try ExportJournal(opening: directory, now: { "" })
        }
        guard case .untrusted(path, let problem, let remedy)? = error else {
            Issue.record("\(comment): \(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
        #expect(problem.contains(word), comment, sourceLocation: sourceLocation)
        #expect(!remedy.isEmpty && !"\(error!)".contains { $0.isNewline }, comment, sourceLocation: sourceLocation)
        #expect("\(error!)".utf8.count < 1000, comment, sourceLocation: sourceLocation)
    }
}

@Suite struct `Defects of state and manifest` {
    private static let documents = ["state.json", "manifest.json"]

    @Test(arguments: documents) func `a document with broken JSON is refused with the byte`(_ name: String) async throws
    {
        try await HalfDone.prepared { half in
            let good = try half.document(name).text
            for defect in JSONDefect.all {
                try half.expectRefused(name, defect.apply(good), "byte", "\(defect)")
            }
        }
    }

    @Test(arguments: documents) func `a document that is cut off anywhere is refused`(_ name: String) async throws {
        try await HalfDone.prepared { half in
            let good = try half.document(name).text
            let end = try #require(good.lastIndex(of: 0x7d))
            // Every byte, but not repeatedly for each of a thousand equal entries.
            for count in stride(from: 0, through: end, by: name == "state.json" ? 3 : 7) {
                try half.expectRefused(name, Array(good[..<count]), "byte ", "\(count) bytes")
            }
        }
    }

    /// Members that may be missing or `null`, always or in some cases.
    private static let optional: Set<String> = [
        "runs[0].completed_at", "runs[0].data_scanned_bytes", "columns[0].precision", "columns[0].scale",
        "client_request_token", "query_reruns", "position.last_row_sha256", "runs[0].parameters_sha256",
        "runs[0].first_batch",
    ]

    @Test(arguments: documents)
    func `a document with any member missing, null or of another kind is refused by the member's name`(
        _ name: String
    ) async throws {
        try await HalfDone.prepared { half in
            let mutations = JSONMutation.all(of: try JSONValue(parsing: half.document(name).text))
            #expect(mutations.count > 100)
            for mutation in mutations {
                let isAbsent = mutation.name.hasSuffix(" is missing") || mutation.name.hasSuffix(" is null")
                if isAbsent, Self.optional.contains(mutation.path) { continue }
                let word =
                    switch mutation.path {
                    // One part of the request less makes another fingerprint; no token, another position.
                    case let path where path.hasPrefix("request.") && isAbsent && !mutation.name.hasSuffix("null"):
                        "request_fingerprint"
                    case "position.page_token" where isAbsent: "position.rows_exported"
                    case let path: path
                    }
                try half.expectRefused(name, mutation.text, word, "\(mutation)")
            }
        }
    }

    @Test(arguments: documents) func `a document with an unknown member is read all the same`(
        _ name: String
    ) async throws {
        try await HalfDone.prepared { half in
            let (path, good) = try half.document(name)
            let before = try ExportJournal.read(half.directory)
            try Data(Array(#"{"added_later": {"x": [1]}, "#.utf8) + good.dropFirst())
                .write(to: URL(fileURLWithPath: path.string))
            #expect(try ExportJournal.read(half.directory) == before)
            try Data(good).write(to: URL(fileURLWithPath: path.string))
        }
    }

    @Test(arguments: documents) func `a directory in the place of a document is refused`(_ name: String) async throws {
        try await HalfDone.prepared { half in
            let (path, good) = try half.document(name)
            try FileManager.default.removeItem(atPath: path.string)
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: false)
            #expect { try ExportJournal.read(half.directory) } throws: {
                "\($0)".contains("not a regular file") && "\($0)".contains(path.string)
            }
            try FileManager.default.removeItem(atPath: path.string)
            try Data(good).write(to: URL(fileURLWithPath: path.string))
        }
    }
}

@Suite struct `States that do not fit` {
    /// A change by hand, and the word for it in the error.
    private static let cases: [(old: String, new: String, word: String)] = [
        (#""run_id": "run-3""#, #""run_id": "run-9""#, "run-9"),
        (#""next_batch": 4"#, #""next_batch": 2"#, "next_batch"),
        (#""next_batch": 4"#, #""next_batch": 3"#, "lists"),
        (#""rows_exported": 3"#, #""rows_exported": 5"#, "counts 5 exported rows"),
        (#""first_batch": 3"#, #""first_batch": 1"#, "run-1"),
        (#""first_batch": 3"#, #""first_batch": 4"#, "lists 0"),
        (#""duplicate_rows": 0"#, #""duplicate_rows": 4"#, "rows_exported"),
        (#""rows_into_page": "#, #""rows_into_page": 99"#, "rows_exported"),
        (#""version": 1"#, #""version": 3"#, "newer"),
        (#""run_id": "run-3""#, #""run_id": """#, "run_id"),
        (#""query_execution_id": "q""#, #""query_execution_id": """#, "query_execution_id"),
        (#""client_request_token": null"#, #""client_request_token": """#, "client_request_token"),
        (#""started_at": "2026-01-01T00:00:00Z""#, #""started_at": """#, "started_at"),
    ]

    @Test(arguments: cases.indices) func `a state that does not fit the run is not resumed`(_ index: Int) async throws {
        let (old, new, word) = Self.cases[index]
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run([[["1", "a"], ["2", "b"], ["3", "c"]], [["4", "d"], ["5", "e"]]])
            let source = MemorySource(
                columns: MemoryExport.columns, pages: [[["1", "a"], ["2", "b"]], [["3", "c"]], [["4", "d"]]])
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 2, batchesBeforeFailure: 3, of: export))
            }
            let url = URL(fileURLWithPath: export.directory.state.string)
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            let changed = text.replacingOccurrences(of: old, with: new)
            try #require(changed != text)
            try Data(changed.utf8).write(to: url)
            let before = try export.files()
            await #expect { try await export.run(source) } throws: {
                "\($0)".contains(word) && "\($0)".contains("state.json") && !"\($0)".contains { $0.isNewline }
            }
            #expect(try export.files() == before)
        }
    }

    @Test func `a state with a token that no service gives is refused`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run([[["1", "a"]]])
            let url = URL(fileURLWithPath: export.directory.state.string)
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            for (length, isRefused) in [(1024, false), (1025, true)] {
                let token = "\"page_token\": \"\(String(repeating: "t", count: length))\""
                try Data(text.replacingOccurrences(of: "\"page_token\": null", with: token).utf8).write(to: url)
                let refusal = Result { try ExportJournal.read(export.directory) }
                guard case .failure(let error) = refusal else {
                    #expect(!isRefused)
                    continue
                }
                #expect(isRefused && "\(error)".contains("position.page_token") && "\(error)".contains("1025"))
            }
        }
    }
}
