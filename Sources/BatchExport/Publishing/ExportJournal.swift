import Digest
import Files
import JSON
import SystemPackage

/// Manifest and state of one table's directory, and the only writer of anything in it.
///
/// Holds the directory's lock while it lives. The order of durable writes is the promise of the whole program: data
/// file, then the batch's line in the log or the manifest that lists it, then state. After a crash between any two, the
/// next run lists what the log has, makes the same bytes again, finds them there and continues.
package actor ExportJournal {
    package nonisolated let directory: ExportDirectory
    package internal(set) var manifest: Manifest?
    package private(set) var state: ExportState?

    /// Batches that the manifest on disk does not list yet; the one in memory does.
    var log: BatchLog
    private let lock: FileLock
    /// The time now, as ISO 8601 text.
    private let now: @Sendable () -> String

    /// Locks the directory, making it if necessary, and reads its documents.
    package init(
        opening directory: ExportDirectory, now: @escaping @Sendable () -> String
    ) throws(ExportError) {
        self.directory = directory
        self.now = now
        lock = try directory.makeAndLock()
        log = BatchLog(in: directory)
        (manifest, state) = try Self.read(directory)
    }

    /// Reads manifest and state without the lock: the last published ones, whatever a running export does.
    package static func read(_ directory: ExportDirectory) throws(ExportError) -> (Manifest?, ExportState?) {
        // State first: a run that publishes in between can then only make the manifest the newer one.
        let remedy = "nothing was changed; restore the file, or export to another --output"
        let state = try ExportState(reading: directory, remedy: remedy)
        let manifest = try Manifest(reading: directory, remedy: remedy, table: directory.table)
        if manifest == nil, let state, state.needsManifest {
            throw .missingManifest(directory.manifest, remedy: "put it back, or export to another --output")
        }
        return (manifest, state)
    }
}

// MARK: - Beginning and ending a run

extension ExportJournal {
    /// The next run in this directory.
    package enum Plan: Sendable, Equatable {
        /// A run of that name has succeeded; there is nothing to do.
        case alreadySucceeded(Manifest.Run)
        /// The newest run has succeeded, and its files are not uploaded so far.
        case upload(ExportState)
        /// An unfinished run continues.
        case resume(ExportState)
        /// An unfinished run continues with the same query, but reads its result again from the beginning: batches of it
        /// are not listed, and only their rows can show what belongs there.
        case reread(ExportState)
        /// A new run begins with this batch.
        case start(firstBatch: Int)
    }

    /// - Parameters:
    ///   - runID: the requested name, if any. An unfinished run of another name is resumed all the same.
    ///   - restart: give up an unfinished run instead.
    ///   - upload: the URL that the run's files go to; nil if they are not uploaded.
    /// - Throws: ``ExportError/otherRequest(differences:path:)`` if the unfinished run has another request.
    package func plan(
        _ request: ExportRequest, runID: String?, restart: Bool, upload: String? = nil
    ) throws(ExportError) -> Plan {
        try settle()
        try checkManifestIsNewest()
        if upload != nil, !restart, let state, awaitsUpload(state, request, runID) { return .upload(state) }
        if let runID, let run = manifest?.run(named: runID), run.status == .succeeded { return .alreadySucceeded(run) }
        guard var state, state.isUnfinished, !restart else { return .start(firstBatch: try nextFreeSequence()) }
        let differences = state.request.differences(to: request)
        guard differences.isEmpty else { throw .otherRequest(differences: differences, path: directory.state) }
        state.pendingUpload = upload
        if lacksBatches(of: state) {
            try abandonOtherRuns(than: state)
            return .reread(try beginAgain(state))
        }
        try checkAgreement(of: state)
        try abandonOtherRuns(than: state)
        // The error that ended the previous process does not apply to this one.
        state.failure = nil
        self.state = state
        return .resume(state)
    }

    /// Whether the newest run is the requested one and nothing but its upload is left to do.
    private func awaitsUpload(_ state: ExportState, _ request: ExportRequest, _ runID: String?) -> Bool {
        guard case .succeeded = state.phase, state.pendingUpload != nil else { return false }
        return (runID == nil || runID == state.runID) && state.request.differences(to: request).isEmpty
    }

    /// Notes that the files of all runs are uploaded.
    package func finishUpload() throws(ExportError) {
        guard var state, state.pendingUpload != nil else { return }
        state.pendingUpload = nil
        try save(state)
    }

    /// Saves where a run is, before the work that follows can be lost.
    package func save(_ state: ExportState) throws(ExportError) {
        try write(directory.state, state.json(updatedAt: now()), permissions: .ownerReadWrite)
        self.state = state
    }

    /// Saves a state that gives the run up, unless rows or deletes of it are in files by now.
    package func saveUnlessExported(_ state: ExportState) throws(ExportError) {
        if let current = self.state, !hasExported(current) { try save(state) }
    }

    /// Whether a run has done some of its result. One that reads its result again may have files and be at its start.
    package func hasExported(_ run: ExportState) -> Bool {
        // A run that was given up before it can have the same name.
        !run.checkpoint.isAtStart
            || (manifest?.entries ?? []).contains { $0.runID == run.runID && $0.sequence >= run.firstBatch }
    }

    /// Begins a new run in the place of any that is unfinished.
    ///
    /// The state is saved first. After a crash behind it, the next process abandons what the new run replaces.
    /// - Returns: the runs that are abandoned now.
    package func begin(_ state: ExportState) throws(ExportError) -> [Manifest.Run] {
        try save(state)
        return try abandonOtherRuns(than: state)
    }

    @discardableResult
    private func abandonOtherRuns(than state: ExportState) throws(ExportError) -> [Manifest.Run] {
        guard var manifest else { return [] }
        let replaced = manifest.runs.indices.filter { index in
            let run = manifest.runs[index]
            return run.status == .running && (run.runID != state.runID || run.startedAt != state.startedAt)
        }
        guard !replaced.isEmpty else { return [] }
        for index in replaced {
            manifest.runs[index].status = .abandoned
            manifest.runs[index].completedAt = now()
        }
        try save(manifest)
        return replaced.map { manifest.runs[$0] }
    }

    /// Keys that the run has in files of deletes.
    var deletedKeysOfRun: Int {
        guard let state, let manifest, let run = manifest.run(of: state) else { return 0 }
        return manifest.deletedRows(of: run)
    }

    /// Compares key, format and cursor with those of the directory, before a query is paid for.
    package func check(_ options: ExportOptions) throws(ExportError) {
        guard let manifest else { return }
        if let column = options.cursorColumn {
            let isNew = !manifest.columns.contains { $0.name == column }
            if !isNew || options.onSchemaChange == .fail {
                _ = try CursorTracker(column: column, in: manifest.columns, seen: nil)
            }
        }
        try manifest.check(key: options.primaryKey, format: options.format, in: directory)
    }

    /// Compares the columns that a result will have with the options and with what the directory has, before its query is
    /// paid for.
    package func check(columns: [Column], _ options: ExportOptions) throws(ExportError) {
        let schema = try ResultSchema(columns: columns, primaryKey: options.primaryKey)
        if let column = options.cursorColumn { _ = try CursorTracker(column: column, in: columns, seen: nil) }
        _ = try manifest?.fileSchema(
            for: schema, format: options.format, onChange: options.onSchemaChange, in: directory)
    }

    /// Compares the result's columns with those of the directory.
    ///
    /// - Returns: the columns of the files: those of the directory in its order, then new ones.
    package func fileSchema(
        for result: ResultSchema, format: FileFormat, onChange policy: SchemaChangePolicy
    ) throws(ExportError) -> ResultSchema {
        guard let manifest else { return result }
        let isResumed = state.map { hasExported($0) } ?? false
        return try manifest.fileSchema(
            for: result, format: format, onChange: policy, isResumed: isResumed, in: directory)
    }

    /// Records in manifest and state that every row of the result is in files.
    ///
    /// - Parameter rows: of the result; fewer than the exported ones if a result that was read again has changed.
    package func complete(
        _ facts: RunFacts, rows: Int, schema: ResultSchema, format: FileFormat
    ) throws(ExportError) {
        guard var state, case .exporting(let query, let checkpoint) = state.phase else { return }
        guard rows == checkpoint.rowsExported else {
            throw .inconsistentSource(
                "the result ended after \(rows) rows, though \(checkpoint.rowsExported) rows of it were exported "
                    + "before; nothing was changed; give the run up with --restart")
        }
        try checkPublishedFiles(of: state)
        var manifest = manifest ?? Manifest(table: directory.table, schema: schema, fileFormat: format)
        var run = facts.run(state, query: query, checkpoint: checkpoint)
        run.status = .succeeded
        run.completedAt = now()
        // A run may have accepted new columns and have no row for a file.
        manifest.addColumns(of: schema, since: checkpoint.nextBatch)
        manifest.record(run)
        try save(manifest)
        state.cursor = state.cursor?.committing(checkpoint.highestCursor)
        state.phase = .succeeded(query, checkpoint)
        try save(state)
    }

    private func nextFreeSequence() throws(ExportError) -> Int {
        let listed = manifest?.lastSequence ?? 0
        let promised = (state?.checkpoint.nextBatch ?? 1) - 1
        let pruned = manifest?.pruned.last?.upperBound ?? 0
        // A file that neither document lists was published just before a crash; its name is not used for other rows.
        return max(listed, pruned, promised, try directory.lastSequenceOnDisk()) + 1
    }

    /// Completes a step whose writes a crash interrupted.
    private func settle() throws(ExportError) {
        try listLogged()
        try removeStagedIndex()
        guard var state, case .exporting(let query, let checkpoint) = state.phase,
            manifest?.run(named: state.runID)?.status == .succeeded
        else { return }
        state.cursor = state.cursor?.committing(checkpoint.highestCursor)
        state.phase = .succeeded(query, checkpoint)
        try save(state)
    }

    /// A manifest of an earlier night must not take the newest one's place: what ran since would be lost, and its numbers
    /// and its cursor would be passed over.
    private func checkManifestIsNewest() throws(ExportError) {
        guard let manifest, let state, manifest.isOlder(than: state) else { return }
        throw .olderManifest(directory.manifest, runID: state.runID)
    }

    /// The manifest must list the rows that the state counts as exported.
    private func checkAgreement(of state: ExportState) throws(ExportError) {
        let checkpoint = state.checkpoint
        let entries = (manifest?.entries ?? [])
            .filter { (state.firstBatch..<checkpoint.nextBatch).contains($0.sequence) }
        if let other = entries.first(where: { $0.runID != state.runID }) {
            throw .untrusted(
                path: directory.state,
                problem: "it belongs to run \(state.runID), but in the manifest run \(other.runID) wrote batch "
                    + "\(other.sequence)",
                remedy: "restore the file that is out of date, or give the run up with --restart")
        }
        let (listed, deleted) = (entries.rowCount, entries.deletedCount)
        guard listed == checkpoint.rows, deleted == checkpoint.deletedRows else {
            throw .untrusted(
                path: directory.state,
                problem: "it counts \(checkpoint.rows) exported rows of run \(state.runID), "
                    + "the manifest lists \(listed)"
                    + (deleted == checkpoint.deletedRows
                        ? "" : "; it counts \(checkpoint.deletedRows) deleted keys, the manifest lists \(deleted)"),
                remedy: "restore the file that is out of date, or give the run up with --restart")
        }
    }

    func save(_ manifest: Manifest) throws(ExportError) {
        try write(directory.manifest, manifest.json, permissions: .dataFile)
        self.manifest = manifest
        try log.remove()
    }

    private func write(_ path: FilePath, _ json: JSONValue, permissions: FilePermissions) throws(ExportError) {
        do {
            try DurableFile.replace(
                path, with: [json.serialized(pretty: true)], temporary: directory.temporary(for: path),
                permissions: permissions)
        } catch {
            throw ExportError(error)
        }
    }
}

extension FilePermissions {
    /// Read and write for everyone, less the umask.
    static let dataFile = FilePermissions(rawValue: 0o666)
}
