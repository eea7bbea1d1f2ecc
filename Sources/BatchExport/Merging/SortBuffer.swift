import JSON

/// Rows in memory until they are sorted: as many as fit into a number of bytes.
struct SortBuffer {
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private let capacity: Int

    /// Enough of a row to tell most keys apart without a look at them.
    fileprivate struct Entry {
        let prefix: UInt64
        /// Where the row begins; rows that came later lie behind earlier ones.
        let start: UInt32
    }

    /// An entry, and half of one that the sort needs.
    private static let entryBytes = MemoryLayout<Entry>.stride * 3 / 2

    /// - Parameter capacity: bytes that the buffer may take, the sorting included.
    init(capacity: Int) {
        self.capacity = min(capacity, Int(UInt32.max))
        // Reserved once, so that growing never has the content twice; pages that are never touched take no memory.
        bytes.reserveCapacity(self.capacity)
        entries.reserveCapacity(self.capacity / (Self.entryBytes + KeyedRow.headerBytes + 2))
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Adds a row, unless there is no room. An empty buffer takes any row.
    mutating func append(key: [UInt8], line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = bytes.count
        let end = start + KeyedRow.headerBytes + key.count + range.count
        guard entries.isEmpty || end + (entries.count + 1) * Self.entryBytes <= capacity else { return false }
        entries.append(Entry(prefix: key.span.orderingPrefix(of: 0..<key.count), start: UInt32(start)))
        KeyedRow.append(key: key, line: line, range, to: &bytes)
        return true
    }

    /// Sorts by key and, of one key, the row that came last first.
    mutating func sort() {
        let bytes = bytes
        entries.sort { left, right in
            if left.prefix != right.prefix { return left.prefix < right.prefix }
            let order = Self.compareKeys(bytes.span, Int(left.start), Int(right.start))
            return order != 0 ? order < 0 : left.start > right.start
        }
    }

    private static func compareKeys(_ bytes: Span<UInt8>, _ left: Int, _ right: Int) -> Int {
        guard let left = KeyedRow(in: bytes, at: left), let right = KeyedRow(in: bytes, at: right) else { return 0 }
        return bytes.compare(left.key, with: bytes, right.key)
    }

    /// Forgets all rows.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Walks over the sorted rows, one of each key.
    func newestRows() -> Cursor { Cursor(bytes: bytes, entries: entries) }

    struct Cursor: RowCursor {
        let bytes: [UInt8]
        fileprivate let entries: [Entry]
        private var next = 0

        fileprivate init(bytes: [UInt8], entries: [Entry]) {
            self.bytes = bytes
            self.entries = entries
        }

        mutating func advance() -> KeyedRow? {
            guard next < entries.count, let row = KeyedRow(in: bytes.span, at: Int(entries[next].start)) else {
                return nil
            }
            let prefix = entries[next].prefix
            repeat {
                next += 1
            } while next < entries.count && entries[next].prefix == prefix
                && compareKeys(bytes.span, Int(entries[next - 1].start), Int(entries[next].start)) == 0
            return row
        }
    }
}

/// Gives rows by rising key, the newest of each.
protocol RowCursor {
    /// Where the row that ``advance()`` gave last lies.
    var bytes: [UInt8] { get }

    mutating func advance() throws(ExportError) -> KeyedRow?
}
