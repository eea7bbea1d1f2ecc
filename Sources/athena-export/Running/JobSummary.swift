import AWS
import JSON
import Text

/// The last word of a job of several tables on standard output: a line or an object for each, in the order of the file.
struct JobSummary {
    let tables: [(name: String, summary: RunSummary)]
    let status: RunSummary.Status
    /// Of this process.
    let seconds: Double
    /// What to type for the tables that are left; nil if none is.
    let nextStep: String?
    /// Why no table could begin.
    var failure: (kind: String, message: String)?

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: false) + "\n"
        case .text: lines.map { $0.shown(limit: 2000) + "\n" }.joined()
        }
    }

    private var json: JSONValue {
        var object: JSONObject = [
            "status": .string(status.rawValue), "tables": .array(tables.map(\.summary.json)),
            "seconds": .decimal(seconds, digits: 3),
        ]
        if let failure { object["error"] = RunSummary.json(of: failure) }
        return .object(object)
    }

    private var lines: [String] {
        let all = tables.map(\.summary)
        let counts = [RunSummary.Status.succeeded, .failed, .interrupted].compactMap { status in
            let count = all.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }
        let deleted = all.reduce(0) { $0 + $1.deletedRows }
        let total =
            "\(RunSummary.count(all.count, "table")): \(counts.joined(separator: ", ")), "
            + "\(RunSummary.count(all.reduce(0) { $0 + $1.rows }, "row")), "
            + (deleted > 0 ? "\(RunSummary.count(deleted, "key")) deleted, " : "")
            + "\(RunSummary.size(all.reduce(0) { $0 + $1.bytes })), in \(RunSummary.seconds(seconds)) s"
        return tables.map { "\($0.name): \($0.summary.sentence)" } + [total] + (nextStep.map { ["next: \($0)"] } ?? [])
    }
}
