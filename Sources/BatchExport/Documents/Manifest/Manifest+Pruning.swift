extension Manifest.Run {
    /// The identity of a full query: the statement, its parameters and where it ran; nil for a run with a cursor.
    fileprivate var fullQuery: [String?]? {
        guard cursor == nil, let parametersSHA256 else { return nil }
        return [querySHA256, parametersSHA256, catalog, database]
    }

    /// Whether the run's batches have every row of its query. A run that wrote changes only has fewer.
    ///
    /// A run without rows supersedes nothing: an empty source is more often a mistake than the truth.
    fileprivate func isFullRun(of query: [String?]) -> Bool {
        fullQuery == query && unchangedRows == nil && status == .succeeded && rows > 0 && firstBatch != nil
    }
}

extension Manifest {
    /// The batches that are superseded if the newest run, and those before it of the same statement and parameters,
    /// have each brought the whole table: what comes before the newest `count` of these full runs.
    ///
    /// Batches of runs with another statement are kept: such a run may have brought other rows. Batches of runs with a
    /// cursor in the same database, and of runs that wrote changes only, are superseded, since a full run has their rows or
    /// newer ones, or has rejected them. If the newest run is such a run, no batch is superseded.
    func superseded(keeping count: Int) -> [Batch] {
        // Without a key every run adds rows, so none supersedes another.
        guard writeMode == .upsert else { return [] }
        guard let query = runs.last?.fullQuery, runs.last?.isFullRun(of: query) == true else { return [] }
        let kept = runs.filter { $0.isFullRun(of: query) }.suffix(count)
        guard kept.count == count, let first = kept.first?.firstBatch else { return [] }
        let place = runs.last.map { [$0.catalog, $0.database] }
        return zip(runs, batchesByRun)
            .filter { run, _ in run.fullQuery == query || run.cursor != nil && [run.catalog, run.database] == place }
            .flatMap { $1.filter { $0.sequence < first } }.sorted { $0.sequence < $1.sequence }
    }

    /// The batches of each run. An abandoned run and a later one can have the same name.
    package var batchesByRun: [[Batch]] {
        let named = Dictionary(grouping: runs.indices) { runs[$0].runID }
        var grouped = [[Batch]](repeating: [], count: runs.count)
        for batch in batches {
            let index = named[batch.runID]?.last { (runs[$0].firstBatch ?? 0) <= batch.sequence }
            if let index { grouped[index].append(batch) }
        }
        return grouped
    }

    /// Whether the file of a sequence is removed, or will be.
    package func isPruned(_ sequence: Int) -> Bool {
        let index = pruned.partitioningIndex { $0.upperBound >= sequence }
        return index < pruned.count && pruned[index].contains(sequence)
    }

    /// Removes batches from the list and records that their files are to be removed.
    mutating func prune(_ superseded: [Batch]) {
        let sequences = Set(superseded.map(\.sequence))
        batches.removeAll { sequences.contains($0.sequence) }
        var ranges: [ClosedRange<Int>] = []
        for range in (pruned + sequences.map { $0...$0 }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = ranges.last, last.upperBound + 1 == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound...range.upperBound
            } else {
                ranges.append(range)
            }
        }
        pruned = ranges
    }
}
