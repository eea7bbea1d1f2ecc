import Digest
import Files
import Gzip

/// The data file of a sealed batch, written and hashed chunk by chunk while later chunks are compressed, so that little
/// work is left after the last one.
struct BatchFile: ~Copyable {
    /// A file's figures in the manifest.
    struct Content: Sendable, Equatable {
        let bytes: Int
        let sha256: String
    }

    /// A file that is complete except for its name.
    struct Finished: ~Copyable {
        let destination: BatchDestination
        let content: Content
    }

    private var destination: BatchDestination
    private var frame: GzipFrame
    private var digest = SHA256()
    private var count = 0

    /// - Parameter level: of the chunks' compression.
    init(to destination: consuming BatchDestination, level: Int) throws(ExportError) {
        self.destination = destination
        frame = GzipFrame(level: level)
        try write(frame.header)
    }

    /// Writes the next chunk.
    mutating func append(_ chunk: DeflatedChunk) throws(ExportError) {
        try write(frame.append(chunk))
    }

    /// Writes the end.
    consuming func finish() throws(ExportError) -> Finished {
        try write(frame.trailer)
        return Finished(
            destination: destination, content: Content(bytes: count, sha256: digest.finalize().hexadecimal))
    }

    private mutating func write(_ bytes: [UInt8]) throws(ExportError) {
        digest.update(bytes)
        count += bytes.count
        do { try destination.append(bytes) } catch { throw ExportError(error) }
    }
}

extension BatchFile.Content {
    /// - Parameter pieces: the whole file, in order.
    init(_ pieces: [[UInt8]]) {
        var digest = SHA256()
        for piece in pieces { digest.update(piece) }
        self.init(bytes: pieces.reduce(0) { $0 + $1.count }, sha256: digest.finalize().hexadecimal)
    }
}
