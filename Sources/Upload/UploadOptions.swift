package import AWS

/// Where a table's files go, and what goes with them.
package struct UploadOptions: Sendable {
    package var target: S3Prefix
    /// Whether the manifests that COPY of Redshift reads go up too.
    package var includesRedshiftManifests = false
    /// Whether objects of pruned batches are removed once the manifest is there.
    package var prunes = false
    /// The KMS key that S3 encrypts the objects with; nil for what the bucket does by itself.
    package var kmsKey: String?
    /// Files that are sent at a time. Each takes about a megabyte of memory, a connection and an open file.
    package var filesAtATime = 8

    package init(target: S3Prefix) {
        self.target = target
    }
}
