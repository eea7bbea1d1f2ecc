import JSON

/// Walks over several runs at once: by rising key, of one key the row of the newest run.
struct SpillMerger: RowCursor {
    private var readers: [SortedSpills.Reader]
    /// The row that each run stands at.
    private var rows: [KeyedRow?] = []
    /// A heap of runs with a row, the next one first.
    private var heap: [Head] = []
    /// The run whose row was given last, and which moves on first.
    private var given: Int?

    private struct Head {
        let prefix: UInt64
        let run: Int
    }

    /// - Parameter readers: from the oldest run to the newest.
    init(_ readers: [SortedSpills.Reader]) throws(ExportError) {
        self.readers = readers
        rows = [KeyedRow?](repeating: nil, count: readers.count)
        for run in readers.indices { try pushNext(of: run) }
    }

    var bytes: [UInt8] { given.map { readers[$0].bytes } ?? [] }

    mutating func advance() throws(ExportError) -> KeyedRow? {
        if let given { try pushNext(of: given) }
        given = nil
        guard let first = pop() else { return nil }
        // Older rows of the key are behind it in the heap.
        while let other = heap.first, isSameKey(first, other) {
            _ = pop()
            try pushNext(of: other.run)
        }
        given = first.run
        return rows[first.run]
    }

    private mutating func pushNext(of run: Int) throws(ExportError) {
        rows[run] = try readers[run].advance()
        guard let row = rows[run] else { return }
        let bytes = readers[run].bytes
        heap.append(Head(prefix: bytes.span.orderingPrefix(of: row.key), run: run))
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
        return order != 0 ? order < 0 : left.run > right.run
    }

    private func isSameKey(_ left: Head, _ right: Head) -> Bool {
        left.prefix == right.prefix && compare(left, right) == 0
    }

    private func compare(_ left: Head, _ right: Head) -> Int {
        guard let row = rows[left.run], let other = rows[right.run] else { return 0 }
        let (bytes, otherBytes) = (readers[left.run].bytes, readers[right.run].bytes)
        return bytes.span.compare(row.key, with: otherBytes.span, other.key)
    }
}
