import Digest
import Files
import JSON
import SystemPackage
import Text

/// The batches published since the manifest was last written, one line each.
///
/// The manifest grows with every batch, so writing it for each batch would cost the square of their number. A line here
/// is as durable, and its content is in the next manifest. The log begins with the first batch that is not listed and
/// is removed once the manifest lists all of them.
struct BatchLog {
    /// Lines written since the log began.
    private(set) var count = 0
    private let path: FilePath
    /// Nil while there is no log.
    private var file: AppendedFile?

    /// A line has 1.2 KB and there is one for sixteen batches at most; anything larger than this is something else.
    private static let maximumBytes = 256 << 20

    init(in directory: ExportDirectory) {
        path = directory.batchLog
    }

    /// Whether the directory may have a log of this process.
    var isOpen: Bool { file != nil }

    /// Adds a batch, durably.
    mutating func append(_ batch: LoggedBatch) throws(ExportError) {
        do throws(FileError) {
            if file == nil { file = try AppendedFile(creating: path, permissions: .dataFile) }
            try file?.append(Self.line(batch))
        } catch {
            throw ExportError(error)
        }
        count += 1
    }

    /// Ends the log, because the manifest has all of it.
    mutating func remove() throws(ExportError) {
        guard let file else { return }
        do throws(FileError) { try file.remove() } catch { throw ExportError(error) }
        self.file = nil
        count = 0
    }
}

// MARK: - After a crash

extension BatchLog {
    /// The batches that an earlier process has logged, up to the first damaged line: a crash can tear the last one.
    ///
    /// - Returns: nil if there is no log.
    static func read(in directory: ExportDirectory) throws(ExportError) -> [LoggedBatch]? {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.read(directory.batchLog, limit: maximumBytes, followsLinks: false).bytes
        } catch {
            switch error {
            case .missing: return nil
            // This program did not write it, so it says nothing about the export.
            case .notAFile, .tooLarge: return []
            case .unreadable(let error): throw ExportError(error)
            }
        }
        var batches: [LoggedBatch] = []
        for line in bytes.split(separator: .lineFeed, omittingEmptySubsequences: false).dropLast() {
            guard let batch = batch(line) else { break }
            batches.append(batch)
        }
        return batches
    }

    /// Removes what an earlier process has left.
    static func removeLeftover(in directory: ExportDirectory) throws(ExportError) {
        do { try DurableFile.remove(directory.batchLog) } catch { throw ExportError(error) }
    }

    /// The digest distinguishes a whole line from a torn one.
    private static func line(_ batch: LoggedBatch) -> [UInt8] {
        let text = batch.json.serialized(pretty: false)
        return Array(SHA256.hash(text).hexadecimal.utf8) + [.space] + text + [.lineFeed]
    }

    private static func batch(_ line: ArraySlice<UInt8>) -> LoggedBatch? {
        let text = Array(line.dropFirst(65))
        guard Array(line.prefix(65)) == Array(SHA256.hash(text).hexadecimal.utf8) + [.space] else { return nil }
        do throws(JSONError) {
            return try LoggedBatch(JSONField(JSONValue(parsing: text)))
        } catch {
            return nil
        }
    }
}
