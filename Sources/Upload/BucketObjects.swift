import AWS
import BatchExport

/// What lies below the prefix, as far as it matters to a table.
struct BucketObjects: Sendable {
    /// Sizes of the table's own objects, by their path from the prefix.
    private(set) var sizes: [String: Int] = [:]
    /// Objects of batches that the manifest calls pruned.
    private(set) var pruned: [S3Location] = []

    /// Lists the prefix.
    ///
    /// - Throws: ``UploadError/otherTable(_:problem:)`` for an object that a reader of the prefix would take for a part of
    ///   this table, or that shows that another table lies there.
    init(_ bucket: Bucket, of manifest: Manifest) async throws {
        var sizes: [String: Int] = [:]
        var pruned: [S3Location] = []
        try await bucket.list { object in
            let path = String(object.key.dropFirst(bucket.target.path.count))
            // Consoles make such objects in place of directories.
            if path.isEmpty || path.hasSuffix("/") && object.size == 0 { return }
            guard let location = S3Location(bucket: bucket.target.bucket, key: object.key) else { return }
            let sequence = manifest.sequence(ofPath: path)
            if sequence == nil, let problem = Self.problem(path) {
                throw UploadError.otherTable(location, problem: problem)
            }
            sizes[path] = object.size
            if let sequence, manifest.isPruned(sequence) { pruned.append(location) }
        }
        self.sizes = sizes
        self.pruned = pruned
    }

    /// Why an object that is not the table's stands in its way; nil if it does not.
    private static func problem(_ path: String) -> String? {
        if path.hasPrefix("data/") || path.hasPrefix("deleted/") {
            return "no run of this table writes an object of that name, and readers of the prefix would read it"
        }
        if path.hasSuffix("/manifest.json") || path.contains("/data/batch=") || path.contains("/deleted/batch=") {
            return "it belongs to another table, whose directory lies below this prefix"
        }
        return nil
    }
}
