import Files
import Logging

/// What one run with `--changes-only` compares its rows with, and the index that it leaves for the next run.
///
/// One task owns it: the one that cuts batches.
struct ChangeRun {
    let filter: ChangeFilter
    private let index: ChangeIndex
    private let options: ExportOptions
    private let changes: ChangeOptions
    private let journal: ExportJournal
    private let logger: Logger
    /// Nil if the table had nothing before.
    private let source: IndexSource?

    /// Opens the index of what the table held before the run, or makes it again.
    ///
    /// - Parameters:
    ///   - schema: of the result.
    ///   - firstBatch: the run's.
    init(
        _ changes: ChangeOptions, schema: ResultSchema, firstBatch: Int, options: ExportOptions,
        journal: ExportJournal, logger: Logger
    ) async throws {
        self.changes = changes
        self.options = options
        self.journal = journal
        self.logger = logger
        source = try await journal.indexSource(before: firstBatch)
        var held: HeldRows?
        if let source { held = try await Self.held(source, journal, logger) }
        do throws(FileError) {
            index = try ChangeIndex(held: held, temporaryIn: journal.directory.work)
        } catch {
            throw ExportError(error)
        }
        filter = ChangeFilter(index, schema: schema, format: options.format)
    }

    private static func held(
        _ source: IndexSource, _ journal: ExportJournal, _ logger: Logger
    ) async throws -> HeldRows {
        let identity = source.identity
        if let held = HeldRows(source.directory.index, of: identity) { return held }
        logger.notice(
            "no index fits the table's files; making it again from \(source.entries.count) of them",
            metadata: ["event": "index_rebuild", "files": .stringConvertible(source.entries.count)])
        let staged = try source.makeIndex(in: try await journal.stageIndex())
        try await journal.placeIndex(staged)
        guard let held = HeldRows(source.directory.index, of: identity) else {
            throw ExportError.untrusted(
                path: source.directory.index, problem: "it is not what was just written",
                remedy: "check the disk, then run the same command again")
        }
        return held
    }

    /// What cuts the keys that the result did not have, once all of its rows were taken.
    ///
    /// - Returns: nil if no key is gone.
    /// - Throws: ``ExportError/tooManyDeletes(gone:held:limit:deleted:)``
    func deletes() async throws(ExportError) -> DeletesCutter? {
        logger.info(
            "the result was compared with the \(index.heldCount) keys that the table had: \(index.goneCount) are gone",
            metadata: [
                "event": "changes_compared", "known_keys": .stringConvertible(index.heldCount),
                "gone_keys": .stringConvertible(index.goneCount),
            ])
        guard let source, index.goneCount > 0 else { return nil }
        try changes.check(gone: index.goneCount, of: index.heldCount, deleted: await journal.deletedKeysOfRun)
        return DeletesCutter(GoneKeys(source, index), schema: try source.schema.ofKey, options: options)
    }

    /// Writes the index of what the table holds now, once all of it is published.
    ///
    /// The table's files are complete without it, so a failure is no error of the run.
    /// - Returns: the file without its name; nil if it could not be written.
    func stageIndex() async -> StagedFile? {
        do {
            // Nothing was ever published, so there is nothing to compare with.
            guard let identity = try await journal.indexIdentity() else { return nil }
            // No file has come since, so the index in place fits.
            if source?.identity == identity { return nil }
            return try index.write(to: try await journal.stageIndex()).finish(for: identity)
        } catch {
            warn(of: error)
            return nil
        }
    }

    /// Puts the index in the place of the one before.
    func placeIndex(_ file: consuming StagedFile?) async {
        guard let file else { return }
        do { try await journal.placeIndex(file) } catch { warn(of: error) }
    }

    private func warn(of error: any Error) {
        logger.warning(
            "the index for the next run could not be kept; that run makes it again: \(error)",
            metadata: ["event": "index_not_kept"])
    }
}
