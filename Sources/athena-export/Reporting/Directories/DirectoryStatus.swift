import BatchExport
import SystemPackage

/// The content of a table's directory, and the fate of its newest run.
struct DirectoryStatus {
    let snapshot: DirectorySnapshot
    /// The activity of an unfinished run.
    let activity: Activity
    let price: ScanPrice?

    enum Activity: String {
        /// A process works on it.
        case running
        /// No process works on it.
        case interrupted
        /// This user may not know whether a process works on it.
        case unfinished
    }

    enum NextRun: String {
        case resume, start
        /// With the same options, and `--upload` among them; else a query is started.
        case upload
    }

    /// - Returns: nil if the directory has neither manifest nor state.
    /// - Throws: `ExportError` for a document that cannot be read or trusted.
    init?(reading path: FilePath, price: ScanPrice?) throws(ExportError) {
        var snapshot = try DirectorySnapshot(reading: path)
        let isAtWork = snapshot.directory.isAtWork
        // A run may have ended before the lock was checked, so its documents are read once more.
        if isAtWork == false, snapshot.state?.isUnfinished == true { snapshot = try DirectorySnapshot(reading: path) }
        guard snapshot.manifest != nil || snapshot.stateFile != .missing else { return nil }
        self.snapshot = snapshot
        activity =
            switch isAtWork {
            case true?: .running
            case false?: .interrupted
            case nil: .unfinished
            }
        self.price = price
    }

    var table: String { snapshot.directory.table }
    /// The directory's own name; a copy may have another than its table.
    var directoryName: String { snapshot.directory.path.lastComponent?.string ?? "" }
    var manifest: Manifest? { snapshot.manifest }
    var state: ExportState? { snapshot.state }

    /// Nil if the state may not be read, or if every run ends with an error.
    var nextRun: NextRun? {
        if snapshot.stateFile == .unreadable || isManifestOlder { return nil }
        if unfinished != nil { return .resume }
        return pendingUpload == nil ? .start : .upload
    }

    /// Where the files of the newest run, which has succeeded, are still to be uploaded to.
    var pendingUpload: String? {
        if case .succeeded = state?.phase { state?.pendingUpload } else { nil }
    }

    /// The run that the next one continues.
    var unfinished: ExportState? { state.flatMap { $0.isUnfinished ? $0 : nil } }

    /// The newest run, if it failed for good.
    var failed: ExportState? { if case .failed = state?.phase { state } else { nil } }

    var runs: [Manifest.Run] { manifest?.runs ?? [] }

    /// A hostile manifest may contain numbers whose sum overflows.
    var scannedBytes: Int {
        runs.reduce(0) {
            let (sum, overflow) = $0.addingReportingOverflow($1.dataScannedBytes ?? 0)
            return overflow ? .max : sum
        }
    }

    var cost: Double? { price?.cost(of: runs) }

    /// Each run with its batches that are still listed.
    var runsWithBatches: [(run: Manifest.Run, batches: [Manifest.Batch])] {
        Array(zip(runs, manifest?.batchesByRun ?? []))
    }

    /// The status in the manifest; for `running`, whether a process works on it.
    func status(of run: Manifest.Run) -> String {
        run.status == .running ? activity.rawValue : run.status.rawValue
    }

    /// Whether later runs have superseded all files of a run, so that `--prune-runs` removed them.
    static func isPruned(_ run: Manifest.Run, _ batches: [Manifest.Batch]) -> Bool { run.rows > 0 && batches.isEmpty }

    private var isManifestOlder: Bool { state.map { manifest?.isOlder(than: $0) == true } ?? false }

    /// What cannot be shown, and why.
    var notes: [String] {
        switch snapshot.stateFile {
        case .read where isManifestOlder:
            ["manifest.json is older than state.json: it lacks run \(state?.runID ?? "") that has succeeded"]
        case .read: []
        case .unreadable: ["an unfinished run is not shown: state.json is not readable by this user"]
        case .missing: ["an unfinished run is not shown: there is no state.json"]
        }
    }
}
