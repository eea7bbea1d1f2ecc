package import AWS
package import Files

/// Why a bucket is not what the manifest says. What was there is as it was, unless a case says otherwise.
package enum UploadError: Error, Sendable {
    /// A file of the directory is not what the manifest lists.
    case altered(path: String, problem: String)
    /// A file of the directory cannot be read.
    case unreadable(FileError)
    /// An object is there, and it is another one than the manifest lists.
    case otherObject(S3Location, problem: String)
    /// An object that no export of this table has made; `object` can be shown.
    case otherTable(object: String, problem: String)
    /// The bucket's manifest is not one that this one may replace. `mayFollowFiles` says that files may have been sent
    /// before this was seen.
    case otherManifest(S3Location, problem: String, mayFollowFiles: Bool)
    /// Another program changed or removed an object while this upload was at work.
    case contested(S3Location)
    /// A call failed. `permissions` are the actions that it needs.
    case service(AWSError, S3Location?, permissions: String)

    /// What the error means for the program as a whole.
    package enum Category: Sendable {
        case untrusted
        case inputOutput
        case temporary
        case service(AWSError)
    }

    package var category: Category {
        switch self {
        case .altered, .otherObject, .otherTable, .otherManifest: .untrusted
        case .unreadable: .inputOutput
        case .contested: .temporary
        case .service(let error, _, _): .service(error)
        }
    }
}

extension UploadError: CustomStringConvertible {
    /// One line.
    package var description: String {
        switch self {
        case .altered(let path, let problem):
            "\(path): \(problem); restore the file (athena-export verify looks at all of them)"
        case .unreadable(let error):
            "\(error); \(error.errno.remedy ?? "check the file and its permissions"), then run the same command again"
        case .otherObject(let location, let problem):
            "\(location): \(problem); nothing was overwritten; upload to another prefix, or remove the object if "
                + "nothing reads it"
        case .otherTable(let object, let problem):
            "\(object): \(problem); nothing was changed; give each table a prefix of its own"
        case .otherManifest(let location, let problem, let mayFollowFiles):
            "\(location): \(problem); "
                + (mayFollowFiles
                    ? "it was not replaced, but files of this directory may have been sent"
                    : "nothing was changed") + "; upload from the directory that has it, or to another prefix"
        case .contested(let location):
            "\(location): other uploads change it while this one is at work; wait for them to end, then run the same "
                + "command again"
        case .service(let error, let location, let permissions):
            (location.map { "\($0): " } ?? "") + "\(error)"
                + (error.category == .credentials ? " (this call needs \(permissions))" : "")
        }
    }
}
