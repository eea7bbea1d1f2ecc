import AWS
import BatchExport

/// Everything that goes up, in the order that keeps a reader right.
struct UploadPlan: Sendable {
    /// Rows and deletes.
    let files: [UploadFile]
    /// What COPY of Redshift is given; empty unless it was asked for.
    let redshiftManifests: [UploadFile]
    /// Last, so that a reader of it finds all that it lists.
    let manifest: UploadFile

    static let manifestName = "manifest.json"

    init(_ published: PublishedManifest, _ options: UploadOptions) throws(UploadError) {
        func location(_ path: String) throws(UploadError) -> S3Location {
            guard let location = options.target.location(of: path) else {
                throw .altered(path: path, problem: "with the prefix it is no key that S3 takes")
            }
            return location
        }
        files = try published.manifest.files.map { (file) throws(UploadError) in
            UploadFile(file, in: published.directory.path, location: try location(file.path))
        }
        manifest = UploadFile(
            path: Self.manifestName, location: try location(Self.manifestName), bytes: published.bytes)
        let manifests =
            options.includesRedshiftManifests
            ? RedshiftManifest.all(of: published.manifest, at: options.target.url) : []
        redshiftManifests = try manifests.map { (path, text) throws(UploadError) in
            UploadFile(path: path, location: try location(path), bytes: Array(text.utf8))
        }
    }

    /// Of the files that the manifest lists, and of itself.
    var bytes: Int { files.reduce(manifest.size) { $0 + $1.size } }
}
