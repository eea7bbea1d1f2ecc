import AWS
import BatchExport
import Text

/// What lies below the prefix, as far as it matters to a table.
struct BucketObjects: Sendable {
    /// Sizes of the table's own objects, by their path from the prefix.
    private(set) var sizes: [String: Int] = [:]
    /// Objects of batches that the manifest calls pruned.
    private(set) var pruned: [S3Location] = []

    /// Lists the prefix.
    ///
    /// - Throws: ``UploadError/otherTable(object:problem:)`` for an object that a reader of the prefix would take for a
    ///   part of this table, or that shows that another table lies there.
    init(_ bucket: Bucket, of manifest: Manifest) async throws {
        var sizes: [String: Int] = [:]
        var pruned: [S3Location] = []
        try await bucket.list { object in
            let path = String(Substring(object.key.utf8.dropFirst(bucket.target.path.utf8.count)))
            // Consoles make such objects in place of directories.
            if path.isEmpty || path.utf8.last == UInt8(ascii: "/") && object.size == 0 { return }
            guard let sequence = manifest.sequence(ofPath: path) else {
                guard let problem = Self.problem(path.utf8) else { return }
                throw UploadError.otherTable(
                    object: "\(bucket.target.url)\(path)".shown(limit: 1200), problem: problem)
            }
            sizes[path] = object.size
            if manifest.isPruned(sequence), let location = bucket.target.location(of: path) { pruned.append(location) }
        }
        self.sizes = sizes
        self.pruned = pruned
    }

    /// Why an object that is not the table's stands in its way; nil if it does not.
    ///
    /// - Parameter path: by bytes, as readers compare it. As characters, a slash and a combining mark would be one.
    private static func problem(_ path: String.UTF8View) -> String? {
        if ["data/", "deleted/"].contains(where: { path.starts(with: $0.utf8) }) {
            return "no run of this table writes an object of that name, and readers of the prefix would read it"
        }
        if path.reversed().starts(with: "/manifest.json".utf8.reversed())
            || ["/data/batch=", "/deleted/batch="].contains(where: { path.firstRange(of: $0.utf8) != nil })
        {
            return "it belongs to another table, whose directory lies below this prefix"
        }
        return nil
    }
}
