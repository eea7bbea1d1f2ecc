/// Reads every file of a table's directory and compares it with the manifest.
///
/// Files are read side by side, each in memory for its different keys and its longest row.
package struct Verification: Sendable {
    /// The result of a verification.
    package struct Outcome: Sendable {
        /// Files, rows and compressed bytes that the manifest lists.
        package let files: Int
        package let rows: Int
        /// Keys in files of deletes.
        package let deletes: Int
        package let bytes: Int
        /// By batch, then files that are not listed; empty if all is as the manifest says.
        package let differences: [BatchDifference]
        /// Remarks that are no differences.
        package let notes: [String]
    }

    /// Progress of a verification.
    package enum Progress: Sendable {
        /// So many more compressed bytes were read.
        case read(bytes: Int)
        /// One more file is done.
        case checked
    }

    private let directory: ExportDirectory
    private let manifest: Manifest
    private let state: ExportState?
    private let isStateReadable: Bool
    private let schema: ResultSchema

    /// - Parameters:
    ///   - state: nil if there is none, or if this user may not read it.
    ///   - isStateReadable: whether the state, if there is one, could be read. If not, a run may be unfinished.
    /// - Throws: ``ExportError`` if the manifest's columns and key are invalid.
    package init(
        _ directory: ExportDirectory, _ manifest: Manifest, _ state: ExportState?, isStateReadable: Bool = true
    ) throws(ExportError) {
        self.directory = directory
        self.manifest = manifest
        self.state = state
        self.isStateReadable = isStateReadable
        schema = try manifest.schema()
    }

    /// - Parameter workers: files read at a time.
    /// - Throws: `CancellationError` when the task is cancelled.
    package func run(workers: Int, report: @escaping @Sendable (Progress) -> Void) async throws -> Outcome {
        // The largest first, so that no worker is left with a large file at the end.
        let entries = manifest.entries
        let order = entries.indices.sorted { entries[$0].file.bytes > entries[$1].file.bytes }
        let found = try await withThrowingTaskGroup(of: (index: Int, [BatchDifference]).self) { group in
            var found = [[BatchDifference]](repeating: [], count: order.count)
            for (started, index) in order.enumerated() {
                if started >= max(1, workers), let (done, differences) = try await group.next() {
                    found[done] = differences
                }
                group.addTask { (index, try check(entries[index], report)) }
            }
            for try await (done, differences) in group { found[done] = differences }
            return found
        }
        let unlisted = UnlistedFiles(
            in: directory, manifest: manifest, state: state, isStateReadable: isStateReadable)
        return Outcome(
            files: entries.count, rows: manifest.rows, deletes: entries.deletedCount,
            bytes: entries.reduce(0) { $0 + $1.file.bytes },
            differences: found.flatMap { $0 } + unlisted.differences, notes: unlisted.notes)
    }

    private func check(
        _ entry: Manifest.Entry, _ report: @Sendable (Progress) -> Void
    ) throws(CancellationError) -> [BatchDifference] {
        defer { report(.checked) }
        let schema = schema(of: entry)
        var rows: BatchRows
        do throws(BatchDifference) {
            rows = try BatchRows(
                entry.file, in: directory, format: manifest.fileFormat, columns: manifest.columns(of: entry))
        } catch {
            return [error]
        }
        var keys = BatchKeys(of: schema)
        var reported = 0
        while let window = rows.next() {
            if manifest.writeMode == .upsert { keys.add(window.block) }
            report(.read(bytes: rows.bytesRead - reported))
            reported = rows.bytesRead
            if Task.isCancelled { throw CancellationError() }
        }
        for problem in keys.problems { rows.note(problem.check, problem.detail) }
        return rows.finish()
    }
}

extension Verification {
    /// Files of deletes have the key's columns alone.
    private func schema(of entry: Manifest.Entry) -> ResultSchema {
        guard entry.isDeletes, let ofKey = try? schema.ofKey else { return schema }
        return ofKey
    }
}
