import JSON
import Text
import Upload

/// The last word of an upload on standard output.
struct UploadSummary {
    let end: UploadEnd
    let seconds: Double

    private var outcome: UploadOutcome { end.outcome }

    var status: RunSummary.Status {
        if end.status == .success { return .succeeded }
        return end.error == nil ? .interrupted : .failed
    }

    /// Of the error, or of the signal; nil for an upload that succeeded.
    var failure: (kind: String, message: String)? {
        guard end.status != .success else { return nil }
        return (
            end.status.kind,
            end.error.map { "\($0)".shown(limit: 2000) } ?? "stopped by a signal; the same command continues"
        )
    }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: false) + "\n"
        case .text: plainText
        }
    }

    private var json: JSONValue {
        var object: JSONObject = [
            "status": .string(status.rawValue), "table": end.table.map { .string($0) } ?? .null,
            "url": .string(end.url), "files": .integer(outcome.files), "bytes": .integer(outcome.bytes),
            "sent": .integer(outcome.sent), "sent_bytes": .integer(outcome.sentBytes),
            "present": .integer(outcome.present), "removed": .integer(outcome.removed),
            "seconds": .decimal(seconds, digits: 3),
        ]
        if let failure { object["error"] = ["kind": .string(failure.kind), "message": .string(failure.message)] }
        return .object(object)
    }

    private var plainText: String {
        let verb = status == .succeeded ? "uploaded" : "\(status.rawValue) after"
        var line =
            "\(verb) \(RunSummary.count(outcome.sent, "file")), \(RunSummary.size(outcome.sentBytes)), in "
            + "\(RunSummary.seconds(seconds)) s"
        if outcome.present > 0 { line += "; \(RunSummary.count(outcome.present, "file")) there before" }
        if outcome.removed > 0 { line += "; \(RunSummary.count(outcome.removed, "object")) removed" }
        line += "\n"
        if status == .interrupted { line += "next: the same command continues\n" }
        return line + "url: \(end.url.shown(limit: 2000))\n"
    }
}
