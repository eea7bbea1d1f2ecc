import JSON

@testable import BatchExport

extension FuzzTarget {
    /// `state.json`. Few changes of a file keep its fingerprint right, so it is also read with a corrected one.
    static let state = FuzzTarget("state") { input in
        for text in [input, withFingerprint(input)].compactMap(\.self) {
            guard let state = try? ExportState(parsing: text) else { continue }
            let written = state.json(updatedAt: "2026-11-23T01:02:03.000Z").serialized(pretty: true)
            try promise(try ExportState(parsing: written) == state, "a state that is saved reads back")
            try promise(state.checkpoint.rows >= 0, "there are no fewer than no rows")
            try promise(state.checkpoint.nextBatch >= state.firstBatch, "the next batch is one of the run's")
        }
    }

    private static func withFingerprint(_ text: [UInt8]) -> [UInt8]? {
        guard case .object(var root)? = try? JSONValue(parsing: text), let request = root["request"],
            let fingerprint = try? ExportRequest(JSONField(request)).fingerprint
        else { return nil }
        root["request_fingerprint"] = .string(fingerprint)
        return JSONValue.object(root).serialized(pretty: false)
    }
}
