import JSON

/// The content of `redshift.manifest` for one batch: Redshift's own form, from AWS's "Using a manifest to specify data
/// files". Without `mandatory`, a missing file would be skipped.
public struct RedshiftManifest: Sendable {
    public let text: String

    /// - Returns: nil if the plan has no batch of this number.
    public init?(batch number: Int, of plan: LoadPlan) {
        guard let batch = plan.batches.first(where: { $0.sequence == number }) else { return nil }
        let json: JSONValue = [
            "entries": [["url": .string("\(plan.location)/\(batch.path)"), "mandatory": .bool(true)]]
        ]
        text = String(decoding: json.serialized(pretty: true), as: UTF8.self)
    }

    /// The path in the script, from the URL prefix.
    static func path(_ batch: Manifest.Batch) -> String {
        "redshift/\(batch.path.split(separator: "/").last ?? "").manifest"
    }
}
