/// What an upload has done, as far as it has come.
package struct UploadOutcome: Sendable, Equatable {
    /// All files that the manifest lists, and itself.
    package internal(set) var files = 0
    /// Of those, in all.
    package internal(set) var bytes = 0
    /// Of the files, those that this upload has sent.
    package internal(set) var sent = 0
    package internal(set) var sentBytes = 0
    /// Of the files, those that were there.
    package internal(set) var present = 0
    /// Objects of pruned batches that are gone now.
    package internal(set) var removed = 0

    package init() {}
}

/// News of an upload at work.
package enum UploadProgress: Sendable {
    /// So many files and bytes are to be sent; all others are there.
    case planned(files: Int, bytes: Int)
    /// So many more bytes of them have left. An attempt that is repeated is counted once.
    case sent(bytes: Int)
    /// One more file is there.
    case arrived
}
