import Text

/// Merges several spills: rows by rising key, and of each key the row of the newest spill.
struct SpillMerger: RowCursor {
    private var readers: [SortedSpills.Reader]
    /// The current row of each spill.
    private var rows: [KeyedRow?] = []
    /// A heap of the spills that have a row left, the next row first.
    private var heap: [Head] = []
    /// The spill whose row was given last. It advances at the next call, since that row's bytes are in its buffer.
    private var given: Int?

    private struct Head {
        let prefix: UInt64
        let spill: Int
    }

    /// - Parameter readers: from the oldest spill to the newest.
    init(_ readers: [SortedSpills.Reader]) throws(ExportError) {
        self.readers = readers
        rows = [KeyedRow?](repeating: nil, count: readers.count)
        for spill in readers.indices { try pushNext(of: spill) }
    }

    var bytes: [UInt8] { given.map { readers[$0].bytes } ?? [] }

    mutating func advance() throws(ExportError) -> KeyedRow? {
        if let given { try pushNext(of: given) }
        given = nil
        guard let first = pop() else { return nil }
        // Skips the older rows of the key, which come next in the heap.
        while let other = heap.first, isSameKey(first, other) {
            _ = pop()
            try pushNext(of: other.spill)
        }
        given = first.spill
        return rows[first.spill]
    }

    private mutating func pushNext(of spill: Int) throws(ExportError) {
        rows[spill] = try readers[spill].advance()
        guard let row = rows[spill] else { return }
        let bytes = readers[spill].bytes
        heap.append(Head(prefix: bytes.span.orderingPrefix(of: row.key), spill: spill))
        var child = heap.count - 1
        while child > 0, isBefore(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Head? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(heap[child], heap[least])
            {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ left: Head, _ right: Head) -> Bool {
        if left.prefix != right.prefix { return left.prefix < right.prefix }
        let order = compare(left, right)
        return order != 0 ? order < 0 : left.spill > right.spill
    }

    private func isSameKey(_ left: Head, _ right: Head) -> Bool {
        left.prefix == right.prefix && compare(left, right) == 0
    }

    private func compare(_ left: Head, _ right: Head) -> Int {
        guard let row = rows[left.spill], let other = rows[right.spill] else { return 0 }
        let (bytes, otherBytes) = (readers[left.spill].bytes, readers[right.spill].bytes)
        return bytes.span.compare(row.key, with: otherBytes.span, other.key)
    }
}
