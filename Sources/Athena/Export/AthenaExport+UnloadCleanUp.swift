import AWS
import BatchExport
import Logging

extension AthenaExport {
    /// Removes the objects of a run that has succeeded, and those of starts that were given up before it. The rows are safe
    /// whatever comes of it, so nothing that goes wrong here fails the run; the next one tries again.
    func removeUnloadedObjects() async {
        guard var run = await journal.state, case .succeeded = run.phase, let s3,
            var sent = (try? sentQuery(of: run)) ?? nil, let unload = sent.unload, let rows = unload.rows,
            !rows.isSettled
        else { return }
        do {
            if options.keepsUnloaded {
                logger.info(
                    "the unloaded objects stay", metadata: ["event": "unload_kept", "target": "\(unload.target)"])
            } else {
                try await UnloadedObject.remove(rows.objects.map(\.location), s3)
                for target in unload.left {
                    try await UnloadedObject.remove(try await UnloadedObject.all(below: target, s3), s3)
                }
                if run.isTarget(of: unload) { await warnOfUnlistedObjects(below: unload.target, s3) }
            }
            sent.unload?.rows?.isSettled = true
            run.sourceState = sent.json
            try await journal.save(run)
        } catch {
            logger.warning(
                "unloaded objects could not be removed; the next run tries again: \(error)",
                metadata: [
                    "event": "unload_not_removed",
                    "target": "\(([unload.target] + unload.left).joined(separator: " "))",
                ])
        }
    }

    /// The targets below which the run of the directory leaves objects that no run will read, for a new run that is about to
    /// take its place.
    ///
    /// With `--restart` that is also the target of its last start. Without, what a failed query has left may be looked at.
    func leftTargets() async -> [String] {
        guard let run = await journal.state, case .start = options.query,
            let unload = ((try? sentQuery(of: run)) ?? nil)?.unload
        else { return [] }
        if case .succeeded = run.phase { return [] }
        return unload.left + (options.restart && run.isTarget(of: unload) ? [unload.target] : [])
    }

    /// Says where the objects of a run stay that has succeeded and could not remove them. The next run has tried it, and
    /// no run after that knows of them.
    func warnOfRemainingObjects() async {
        guard let run = await journal.state, case .succeeded = run.phase,
            let unload = ((try? sentQuery(of: run)) ?? nil)?.unload, unload.rows?.isSettled == false
        else { return }
        let targets = ([unload.target] + unload.left).joined(separator: " ")
        logger.warning(
            "what run \(run.runID) has unloaded could not be removed and stays below \(targets)",
            metadata: ["event": "unload_left", "target": "\(targets)"])
    }

    /// Says what a query that ended without a result has left below its target.
    func warnOfLeftObjects(_ run: ExportState) async {
        guard let s3, let unload = ((try? sentQuery(of: run)) ?? nil)?.unload, run.isTarget(of: unload) else { return }
        let count = try? await UnloadedObject.all(below: unload.target, s3).count
        guard count != 0 else { return }
        logger.warning(
            """
            the query has left \(Self.objects(count)) below \(unload.target); a run that is started with --restart removes \
            them when it has succeeded
            """,
            metadata: [
                "event": "unload_left", "target": "\(unload.target)",
                "objects": "\(count.map { "\($0)" } ?? "unknown")",
            ])
    }

    /// Another start with the same token may have written objects too. The list names none of them, so whether a writer is
    /// still at work is not known, and they stay.
    private func warnOfUnlistedObjects(below target: String, _ s3: S3Client) async {
        // It only informs, so listing may be refused.
        guard let count = try? await UnloadedObject.all(below: target, s3).count, count > 0 else { return }
        logger.notice(
            "the query's list does not name \(Self.objects(count)) below \(target), so they stay",
            metadata: ["event": "unload_unlisted", "target": "\(target)", "objects": .stringConvertible(count)])
    }

    private static func objects(_ count: Int?) -> String {
        count.map { $0 == 1 ? "1 object" : "\($0) objects" } ?? "perhaps some objects"
    }
}

extension ExportState {
    /// Whether this run's own query was sent to write below the target of an UNLOAD. A query that was named by its id is
    /// another run's.
    fileprivate func isTarget(of unload: SentQuery.Unload) -> Bool {
        let token =
            if case .starting(let token) = phase { Optional(token) } else { query?.clientRequestToken }
        return token.map { unload.isTarget(of: $0) } ?? false
    }
}
