import BatchExport
import JSON
import SystemPackage
import Text

/// The summary of a run on standard output.
struct RunSummary {
    enum Status: String {
        case succeeded, failed, interrupted
    }

    let status: Status
    /// Nil if it is not known.
    let table: String?
    let runID: String?
    let queryExecutionID: String?
    let source: String
    let rows: Int
    let duplicateRows: Int
    let rejectedRows: Int
    /// Rows that the table held already.
    let unchangedRows: Int
    /// Keys in files of deletes.
    let deletedRows: Int
    let batches: Int
    let bytes: Int
    let uncompressedBytes: Int
    let dataScannedBytes: Int
    let queryReruns: Int
    let isResumed: Bool
    let isAlreadyDone: Bool
    let manifest: String?
    let seconds: Double
    var failure: (kind: String, message: String)?
    /// The fate of an interrupted run's query, and what the same command does next.
    let nextStep: String?

    /// Counts are the run's, over all its processes; seconds are this process's.
    init(
        status: Status, journal: (manifest: Manifest?, state: ExportState?), runID: String?,
        directory: ExportDirectory?,
        isResumed: Bool, isAlreadyDone: Bool, seconds: Double, failure: (kind: String, message: String)? = nil,
        nextStep: String? = nil
    ) {
        let runID = runID ?? journal.state?.runID
        let state = journal.state.flatMap { $0.runID == runID ? $0 : nil }
        // A run that was given up and the one after it can have the same name.
        let run = runID.flatMap { journal.manifest?.run(named: $0, since: state?.firstBatch) }
        let first = state?.firstBatch ?? run?.firstBatch ?? 1
        let batches = (journal.manifest?.batches ?? []).filter { $0.runID == runID && $0.sequence >= first }
        self.status = status
        table = directory?.table
        self.runID = runID
        queryExecutionID =
            run?.queryExecutionID ?? state?.query?.queryExecutionID
        source = run?.source ?? "api"
        rows = run?.rows ?? 0
        duplicateRows = run?.duplicateRows ?? 0
        rejectedRows = run?.rejectedRows ?? 0
        unchangedRows = run?.unchangedRows ?? 0
        deletedRows = run.flatMap { journal.manifest?.deletedRows(of: $0) } ?? 0
        self.batches = batches.count
        bytes = batches.reduce(0) { $0 + $1.bytes }
        uncompressedBytes = batches.reduce(0) { $0 + $1.uncompressedBytes }
        dataScannedBytes = run?.dataScannedBytes ?? 0
        queryReruns = run?.queryReruns ?? 0
        self.isResumed = isResumed
        self.isAlreadyDone = isAlreadyDone
        // There is no manifest before the first batch of the first run.
        manifest = journal.manifest == nil ? nil : directory?.manifest.string
        self.seconds = seconds
        self.failure = failure
        self.nextStep = nextStep
    }

    /// A run that ended before anything was counted.
    ///
    /// - Parameter manifest: of runs before it.
    init(failed error: any Error, manifest: Manifest?, directory: ExportDirectory?, seconds: Double) {
        self.init(
            status: .failed, journal: (manifest, nil), runID: nil, directory: directory, isResumed: false,
            isAlreadyDone: false, seconds: seconds,
            failure: (ExitStatus(error).kind, "\(error)".shown(limit: 2000)))
    }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: false) + "\n"
        case .text: plainText
        }
    }

    var json: JSONValue {
        var object: JSONObject = [
            "status": .string(status.rawValue), "table": table.map { .string($0) } ?? .null,
            "run_id": runID.map { .string($0) } ?? .null,
            "query_execution_id": queryExecutionID.map { .string($0) } ?? .null, "source": .string(source),
            "rows": .integer(rows), "duplicate_rows": .integer(duplicateRows),
            "rejected_rows": .integer(rejectedRows), "unchanged_rows": .integer(unchangedRows),
            "deleted_rows": .integer(deletedRows), "batches": .integer(batches), "bytes": .integer(bytes),
            "uncompressed_bytes": .integer(uncompressedBytes), "resumed": .bool(isResumed),
            "manifest": manifest.map { .string($0) } ?? .null, "seconds": .decimal(seconds, digits: 3),
        ]
        if let failure { object["error"] = Self.json(of: failure) }
        return .object(object)
    }

    static func json(of failure: (kind: String, message: String)) -> JSONValue {
        ["kind": .string(failure.kind), "message": .string(failure.message)]
    }

    private var plainText: String {
        var text = sentence + "\n"
        if let nextStep { text += "next: \(nextStep.shown(limit: 2000))\n" }
        if let manifest, !isAlreadyDone { text += "manifest: \(manifest.shown(limit: 4096))\n" }
        return text
    }

    /// What was done, and how much.
    var sentence: String {
        if isAlreadyDone { return "run \(runID ?? "") has succeeded already; nothing to do" }
        let verb = status == .succeeded ? "exported" : "\(status.rawValue) after"
        let line =
            "\(verb) \(Self.count(rows, "row")) in \(Self.count(batches, "batch", "batches")), "
            + "\(Self.size(bytes)) (\(Self.size(uncompressedBytes)) uncompressed), "
            + "in \(Self.seconds(seconds)) s"
        var remarks: [String] = []
        if isResumed { remarks.append("resumed") }
        if duplicateRows > 0 { remarks.append(Self.count(duplicateRows, "duplicate row") + " dropped") }
        if rejectedRows > 0 { remarks.append(Self.count(rejectedRows, "row") + " rejected") }
        if unchangedRows > 0 { remarks.append(Self.count(unchangedRows, "row") + " unchanged") }
        if deletedRows > 0 { remarks.append(Self.count(deletedRows, "key") + " deleted") }
        return remarks.isEmpty ? line : "\(line); \(remarks.joined(separator: ", "))"
    }

    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? one : many ?? one + "s")"
    }

    static func size(_ bytes: Int) -> String {
        var value = Double(bytes)
        var units = ["bytes", "KB", "MB", "GB", "TB"][...]
        while value >= 1000, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        return bytes < 1000 ? count(bytes, "byte") : "\(oneDecimal(value)) \(units.first ?? "")"
    }

    static func seconds(_ seconds: Double) -> String {
        let hundredths = Int((max(0, seconds) * 100).rounded())
        let fraction = String(hundredths % 100)
        return "\(hundredths / 100).\(fraction.count == 1 ? "0" : "")\(fraction)"
    }

    /// A remaining time, rounded: `2 h 5 min`, `3 min`, `40 s`.
    static func time(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min"
        default: "\(grouped(seconds / 3600)) h \(seconds % 3600 / 60) min"
        }
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    static func grouped(_ number: Int) -> String {
        var digits = Array(String(number))
        var index = digits.count - 3
        while index > 0, digits[index - 1] != "-" {
            digits.insert(",", at: index)
            index -= 3
        }
        return String(digits)
    }
}
