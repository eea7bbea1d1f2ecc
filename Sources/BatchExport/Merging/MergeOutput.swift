import Files
import Gzip
package import SystemPackage

/// Where the merged table goes.
package protocol MergeOutput: AnyObject {
    /// Takes the next chunks of the text.
    func write(_ chunks: [[UInt8]]) async throws

    /// The text is complete.
    func finish() async throws
}

/// A file that appears under its name only when it is complete; compressed if the name ends in `.gz`.
package final class MergedFile: MergeOutput {
    private let file: ReplacedFile
    private var gzip: GzipStream?

    /// - Parameters:
    ///   - level: of the compression, 1 to 9.
    ///   - workers: chunks compressed at a time.
    package init(_ path: FilePath, level: Int, workers: Int) throws(ExportError) {
        do { file = try ReplacedFile(path, permissions: .dataFile) } catch { throw ExportError(error) }
        gzip =
            path.lastComponent?.string.lowercased().hasSuffix(".gz") == true
            ? GzipStream(with: ChunkCompressor(level: level, workers: workers)) : nil
    }

    package func write(_ chunks: [[UInt8]]) async throws {
        try append(try await gzip?.compress(chunks) ?? chunks)
    }

    package func finish() async throws {
        try append(try await gzip?.finish() ?? [])
        do { try file.commit() } catch { throw ExportError(error) }
    }

    private func append(_ pieces: [[UInt8]]) throws(ExportError) {
        do throws(FileError) {
            for piece in pieces { try file.append(piece) }
        } catch {
            throw ExportError(error)
        }
    }
}
