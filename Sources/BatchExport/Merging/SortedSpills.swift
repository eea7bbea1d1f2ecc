import Files
import SystemPackage
import Text

/// Sorted rows in a temporary file, spill by spill: the later a spill, the newer its rows.
struct SortedSpills {
    private let file: ScratchFile
    /// The bytes of each in the file.
    private(set) var spills: [Range<Int>] = []
    /// In bytes, with its key.
    private(set) var longestRow = 0
    private var end = 0

    /// How many bytes are written at a time.
    private static let bufferBytes = 1 << 20

    init(in directory: FilePath) throws(ExportError) {
        do { file = try ScratchFile(in: directory) } catch { throw ExportError(error) }
    }

    /// Writes a spill.
    mutating func append(_ rows: inout some RowCursor) throws {
        let start = end
        var buffer: [UInt8] = []
        buffer.reserveCapacity(Self.bufferBytes)
        while let row = try rows.advance() {
            let bytes = row.key.lowerBound - KeyedRow.headerBytes..<row.end
            longestRow = max(longestRow, bytes.count)
            if !buffer.isEmpty, buffer.count + bytes.count > Self.bufferBytes { try flush(&buffer) }
            buffer.append(copying: rows.bytes.span, in: bytes)
        }
        try flush(&buffer)
        spills.append(start..<end)
    }

    private mutating func flush(_ buffer: inout [UInt8]) throws {
        try Task.checkCancellation()
        do throws(FileError) { try file.append(buffer) } catch { throw ExportError(error) }
        end += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Reads one spill.
    func reader(of spill: Int, bufferBytes: Int) -> Reader {
        Reader(file: file, range: spills[spill], bufferBytes: bufferBytes)
    }

    struct Reader: RowCursor {
        private(set) var bytes: [UInt8] = []
        private let file: ScratchFile
        private let bufferBytes: Int
        /// The bytes that have not been read yet.
        private var rest: Range<Int>
        private var position = 0

        fileprivate init(file: ScratchFile, range: Range<Int>, bufferBytes: Int) {
            self.file = file
            self.bufferBytes = bufferBytes
            rest = range
        }

        mutating func advance() throws(ExportError) -> KeyedRow? {
            while true {
                if let row = KeyedRow(in: bytes.span, at: position) {
                    position = row.end
                    return row
                }
                guard !rest.isEmpty else { return nil }
                try refill()
            }
        }

        private mutating func refill() throws(ExportError) {
            let kept = bytes.count - position
            // A row that fills the buffer needs a larger one.
            let row = KeyedRow.byteCount(in: bytes.span, at: position) ?? KeyedRow.headerBytes
            let wanted = min(rest.count, max(bufferBytes, row) - kept)
            let more: [UInt8]
            do { more = try file.read(wanted, at: rest.lowerBound) } catch { throw ExportError(error) }
            guard more.count == wanted else {
                throw .io(operation: "read back a temporary file of", path: "merge", .ioError)
            }
            if kept == 0 {
                bytes = more
            } else {
                bytes.removeSubrange(..<position)
                bytes.append(contentsOf: more)
            }
            position = 0
            rest = rest.lowerBound + wanted..<rest.upperBound
        }
    }
}
