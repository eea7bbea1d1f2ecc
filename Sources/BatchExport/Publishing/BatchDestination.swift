import Files

/// Where the bytes of a batch go.
enum BatchDestination: ~Copyable, Sendable {
    /// To a file, which gets its name when the batch is published.
    case file(StagedFile)
    /// Nowhere: the batch is exported already, and its content is compared with its entry in the manifest.
    case comparison
    /// Nowhere: no row of the batch is written.
    case nowhere

    mutating func append(_ bytes: [UInt8]) throws(FileError) {
        switch consume self {
        case .file(var file):
            do throws(FileError) {
                try file.append(bytes)
                self = .file(file)
            } catch {
                self = .file(file)
                throw error
            }
        case .comparison: self = .comparison
        case .nowhere: self = .nowhere
        }
    }
}
