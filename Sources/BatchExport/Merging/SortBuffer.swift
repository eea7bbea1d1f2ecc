import Text

/// Collects rows in a fixed number of bytes and sorts them.
struct SortBuffer {
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var capacity: Int

    /// A row with the first bytes of its key, which are enough to compare most keys.
    fileprivate struct Entry {
        let prefix: UInt64
        /// Where the row begins; higher for rows that were added later.
        let start: UInt32
    }

    /// An entry, and the half of one that the sort needs on top.
    private static let entryBytes = MemoryLayout<Entry>.stride * 3 / 2

    /// - Parameter capacity: bytes that the buffer may take, the sorting included.
    init(capacity: Int) {
        self.capacity = min(capacity, Int(UInt32.max))
        // Reserved once: an array that grows has its content twice for a moment. Pages that are never touched take no
        // memory.
        bytes.reserveCapacity(self.capacity)
        entries.reserveCapacity(self.capacity / (Self.entryBytes + KeyedRow.headerBytes + 2))
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Takes no more bytes than this from now on.
    ///
    /// - Returns: false if the buffer has taken more already.
    mutating func limit(to capacity: Int) -> Bool {
        guard capacity < self.capacity else { return true }
        guard bytes.count + entries.count * Self.entryBytes <= capacity else { return false }
        self.capacity = capacity
        return true
    }

    /// Adds a row, unless there is no room. An empty buffer takes any row.
    mutating func append(key: [UInt8], line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = bytes.count
        let end = start + KeyedRow.headerBytes + key.count + range.count
        guard entries.isEmpty || end + (entries.count + 1) * Self.entryBytes <= capacity else { return false }
        entries.append(Entry(prefix: key.span.orderingPrefix(of: 0..<key.count), start: UInt32(start)))
        KeyedRow.append(key: key, line: line, range, to: &bytes)
        return true
    }

    /// Sorts by key, and rows of one key from the newest to the oldest.
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

    /// Removes all rows.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// The newest row of each key, by rising key. Sort first.
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

/// Gives rows by rising key, of each key the newest.
protocol RowCursor {
    /// The bytes that the ranges of the newest row refer to.
    var bytes: [UInt8] { get }

    /// - Returns: the next row, valid until the next call; nil after the last.
    mutating func advance() throws(ExportError) -> KeyedRow?
}
