import Files
import JSON
import SystemPackage

/// Sorted rows in a temporary file, in runs: the later a run, the newer its rows.
struct SortedSpills {
    private let file: ScratchFile
    private(set) var runs: [Range<Int>] = []
    private var end = 0

    private static let blockBytes = 1 << 20

    init(in directory: FilePath) throws(ExportError) {
        do { file = try ScratchFile(in: directory) } catch { throw ExportError(error) }
    }

    /// Adds a run.
    mutating func append(_ rows: inout some RowCursor) throws {
        let start = end
        var block: [UInt8] = []
        block.reserveCapacity(Self.blockBytes)
        while let row = try rows.advance() {
            let bytes = row.key.lowerBound - KeyedRow.headerBytes..<row.end
            if !block.isEmpty, block.count + bytes.count > Self.blockBytes { try flush(&block) }
            block.append(copying: rows.bytes.span, in: bytes)
        }
        try flush(&block)
        runs.append(start..<end)
    }

    private mutating func flush(_ block: inout [UInt8]) throws {
        try Task.checkCancellation()
        do throws(FileError) { try file.append(block) } catch { throw ExportError(error) }
        end += block.count
        block.removeAll(keepingCapacity: true)
    }

    /// Reads one run.
    func reader(of run: Int, bufferBytes: Int) -> Reader {
        Reader(file: file, range: runs[run], bufferBytes: bufferBytes)
    }

    struct Reader: RowCursor {
        private(set) var bytes: [UInt8] = []
        private let file: ScratchFile
        private let bufferBytes: Int
        /// What is not in memory yet.
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
            let wanted = min(rest.count, max(bufferBytes - kept, kept))
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
