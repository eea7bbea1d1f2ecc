import BatchExport
import Foundation
import SystemPackage
import Testing

/// Serves pages, and changes the directory after some of them.
private struct DisturbingSource: ResultSource {
    let name = "memory"
    let source: MemorySource
    let pages: Int
    let export: MemoryExport
    let disturb: @Sendable (FilePath) throws -> Void

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        if bookmark.pageToken.flatMap(Int.init) == pages {
            // The batches before this page have their files by then.
            while try (ExportJournal.read(export.directory).1?.checkpoint.nextBatch ?? 1) <= pages {
                try await Task.sleep(for: .milliseconds(1))
            }
            try disturb(export.directory.path)
        }
        return try await source.page(at: bookmark)
    }
}

@Suite struct `Published files that are removed` {
    private static let pages: [[[String?]]] = (0..<4).map { page in
        (0..<3).map { ["\(page * 3 + $0)", page == 1 && $0 == 1 ? "\u{0}" : "v\($0)"] }
    }

    /// A change of the directory, and how many files are gone after it.
    private static let disturbances: [(name: String, gone: Int, disturb: @Sendable (FilePath) throws -> Void)] = [
        ("data/ is removed", 2, { try FileManager.default.removeItem(atPath: "\($0)/data") }),
        ("one batch is removed", 1, { try FileManager.default.removeItem(atPath: "\($0)/data/batch=000001") }),
        ("rejected/ is removed", 1, { try FileManager.default.removeItem(atPath: "\($0)/rejected") }),
        (
            "a file is cut short", 1,
            {
                let file = "\($0)/data/batch=000002/t-000002.csv.gz"
                try Data([0x1f]).write(to: URL(fileURLWithPath: file))
            }
        ),
        (
            "a directory has the name", 1,
            {
                let file = "\($0)/data/batch=000001/t-000001.csv.gz"
                try FileManager.default.removeItem(atPath: file)
                try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
            }
        ),
    ]

    @Test(arguments: disturbances.indices)
    func `a run whose files go away ends with an error, and the next one writes them again`(
        _ index: Int
    ) async throws {
        let (name, gone, disturb) = Self.disturbances[index]
        try await withTemporaryDirectory { parent in
            let whole = MemoryExport(parent.appending("whole"))
            try await whole.run(Self.pages)
            let export = MemoryExport(parent.appending("disturbed"))
            let source = MemorySource(columns: MemoryExport.columns, pages: Self.pages)
            await #expect {
                try await export.run(DisturbingSource(source: source, pages: 2, export: export, disturb: disturb))
            } throws: { error in
                guard case ExportError.filesGone(let path, gone) = error else { return false }
                return "\(error)".contains("\(path) is gone") && "\(error)".contains("run the same command again")
            }
            #expect(try export.manifest.runs.map(\.status) == [.running], "\(name)")
            if name.hasPrefix("a ") {
                // The file in its place is not the run's: it has to be removed before the run's file can come back.
                await #expect(throws: ExportError.self) { try await export.run(source) }
                let batch = name == "a file is cut short" ? 2 : 1
                try FileManager.default.removeItem(atPath: "\(export.directory.path)/data/batch=00000\(batch)")
            }
            try await export.run(source)
            let files = try (export.files(), whole.files())
            for (path, data) in files.1 where path.hasPrefix("/data/") || path.hasPrefix("/rejected/") {
                #expect(files.0[path] == data, "\(name): \(path)")
            }
            #expect(try export.manifest == whole.manifest)
        }
    }

    @Test func `a run whose files go away loses nothing of the runs before it`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run(Self.pages)
            let before = try export.manifest.batches
            let source = MemorySource(columns: MemoryExport.columns, pages: Self.pages)
            try FileManager.default.removeItem(atPath: "\(export.directory.path)/data/batch=000001")
            // Only this run's files are checked; older ones are for verify.
            try await export.run(source)
            #expect(try Array(export.manifest.batches.prefix(before.count)) == before)
        }
    }
}
