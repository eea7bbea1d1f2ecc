import BatchExport
import SystemPackage

/// What a table's directory holds, and what became of its newest run.
struct DirectoryStatus {
    let snapshot: DirectorySnapshot
    /// Of a run that is not finished.
    let activity: Activity
    let price: ScanPrice?

    enum Activity: String {
        /// A process is at work on it.
        case running
        /// No process is.
        case interrupted
        /// This user may not know which.
        case unfinished
    }

    enum NextRun: String {
        case resume, start
    }

    /// - Returns: nil if the directory has neither manifest nor state.
    /// - Throws: `ExportError` for a document that cannot be read or trusted.
    init?(reading path: FilePath, price: ScanPrice?) throws(ExportError) {
        var snapshot = try DirectorySnapshot(reading: path)
        let isAtWork = snapshot.directory.isAtWork
        // A run may have ended before the lock was looked at, so what it left is read once more.
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
    var manifest: Manifest? { snapshot.manifest }
    var state: ExportState? { snapshot.state }

    /// Nil if the state may not be read.
    var nextRun: NextRun? {
        if snapshot.stateFile == .unreadable { nil } else { unfinished == nil ? .start : .resume }
    }

    /// The run that the next one continues.
    var unfinished: ExportState? { state.flatMap { $0.isUnfinished ? $0 : nil } }

    /// The newest run, if it failed for good.
    var failed: ExportState? { if case .failed = state?.phase { state } else { nil } }

    var runs: [Manifest.Run] { manifest?.runs ?? [] }

    /// What a hostile manifest says may be more than a number holds.
    var scannedBytes: Int {
        runs.reduce(0) {
            let (sum, overflow) = $0.addingReportingOverflow($1.dataScannedBytes ?? 0)
            return overflow ? .max : sum
        }
    }

    var cost: Double? { price?.cost(of: runs) }

    /// With those of its batches that are still listed.
    var runsWithBatches: [(run: Manifest.Run, batches: [Manifest.Batch])] {
        Array(zip(runs, manifest?.batchesByRun ?? []))
    }

    /// As the manifest has it, but for a run that it calls running: its process may be gone.
    func status(of run: Manifest.Run) -> String {
        run.status == .running ? activity.rawValue : run.status.rawValue
    }

    /// Whether later runs have superseded all files of a run, so that `--prune-runs` removed them.
    static func isPruned(_ run: Manifest.Run, _ batches: [Manifest.Batch]) -> Bool { run.rows > 0 && batches.isEmpty }

    /// What cannot be shown, and why.
    var notes: [String] {
        switch snapshot.stateFile {
        case .read: []
        case .unreadable: ["an unfinished run is not shown: state.json is not readable by this user"]
        case .missing: ["an unfinished run is not shown: there is no state.json"]
        }
    }
}
