import JSON

/// The content of `redshift.manifest` for one batch: Redshift's own form, from AWS's "Using a manifest to specify data
/// files". Without `mandatory`, a missing file would be skipped.
package struct RedshiftManifest: Sendable {
    package let text: String

    /// - Returns: nil if the plan has no batch of this number.
    package init?(batch number: Int, of plan: LoadPlan) {
        guard let batch = plan.batches.first(where: { $0.sequence == number }) else { return nil }
        self.init(ofFile: batch.path, at: plan.location)
    }

    private init(ofFile path: String, at location: String) {
        let json: JSONValue = ["entries": [["url": .string("\(location)/\(path)"), "mandatory": .bool(true)]]]
        text = String(decoding: json.serialized(pretty: true), as: UTF8.self)
    }

    /// Those of all files that a manifest lists, each with its path from the prefix.
    ///
    /// - Parameter url: where the files are; a `/` at its end is left out.
    package static func all(of manifest: Manifest, at url: String) -> [(path: String, text: String)] {
        let location = url.hasSuffix("/") ? String(url.dropLast()) : url
        return manifest.files.map { (path(ofFile: $0.path), RedshiftManifest(ofFile: $0.path, at: location).text) }
    }

    /// The path in the script, from the URL prefix.
    static func path(_ batch: LoadPlan.Step) -> String { path(ofFile: batch.path) }

    static func path(ofFile path: String) -> String {
        "redshift/\(path.split(separator: "/").last ?? "")\(suffix)"
    }

    static let suffix = ".manifest"
}
