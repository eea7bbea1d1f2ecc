import JSON

/// The keys of one batch: which row holds each, last come first served.
///
/// Keys are compared byte by byte, so keys that differ in case or in Unicode form are different keys.
struct KeyIndex {
    /// Every key, each column as a length and its bytes, so that ("ab", "c") and ("a", "bc") differ.
    private var keys: [UInt8] = []
    private var keyStarts: [UInt32] = []
    /// Open addressing, a power of two long: 0 is free, else the key's hash above the row's number plus 1. With the hash
    /// at hand keys are rarely looked at, each of which lies somewhere else in memory.
    private var slots: [UInt64]

    init() {
        slots = [UInt64](repeating: 0, count: 1 << 10)
    }

    /// Adds the next row.
    ///
    /// - Returns: the row that held the key before, if any.
    mutating func insert(_ block: RowBlock, row: Int, keyIndices: [Int]) -> Int? {
        place(append(block, row: row, keyIndices: keyIndices))
    }

    /// A row whose key was read and has no slot yet.
    struct Unplaced {
        fileprivate let row: Int
        fileprivate let hash: UInt32
    }

    /// Reads the next row's key. Of many rows, reading all keys first and placing them then is faster: a slot lies
    /// anywhere in memory, and the processor waits for several at a time if nothing stands between them.
    mutating func append(_ block: RowBlock, row: Int, keyIndices: [Int]) -> Unplaced {
        let start = keys.count
        let bytes = block.bytes.span
        let first = block.cellIndices(ofRow: row).lowerBound
        for index in keyIndices {
            let cell = block.cells[first + index]
            for shift in stride(from: 0, to: 32, by: 8) { keys.append(UInt8(truncatingIfNeeded: cell.count >> shift)) }
            keys.append(copying: bytes, in: cell.range)
        }
        keyStarts.append(UInt32(start))
        if keyStarts.count * 2 >= slots.count { grow() }
        return Unplaced(row: keyStarts.count - 1, hash: hash(start..<keys.count))
    }

    /// - Returns: the row that held the key before, if any.
    mutating func place(_ added: Unplaced) -> Int? {
        let slot = findSlot(ofKey: keyRange(ofRow: added.row), added.hash)
        let previous = slots[slot]
        slots[slot] = UInt64(added.hash) << 32 | UInt64(added.row + 1)
        return previous == 0 ? nil : Self.row(in: previous)
    }

    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        keyStarts.removeAll(keepingCapacity: true)
        for index in slots.indices { slots[index] = 0 }
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        // No two of them are the same key.
        for entry in old where entry != 0 {
            var slot = Int(entry >> 32) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = entry
        }
    }

    /// The slot that holds the key, or the free one where it belongs.
    private func findSlot(ofKey key: Range<Int>, _ hash: UInt32) -> Int {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0,
            slots[slot] >> 32 != hash || !isEqual(key, keyRange(ofRow: Self.row(in: slots[slot])))
        {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private static func row(in entry: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: entry)) - 1 }

    private func keyRange(ofRow row: Int) -> Range<Int> {
        let end = row + 1 < keyStarts.count ? Int(keyStarts[row + 1]) : keys.count
        return Int(keyStarts[row])..<end
    }

    private func hash(_ range: Range<Int>) -> UInt32 {
        // The standard library's hasher is seeded anew in every process, so no result can be made to collide.
        var hasher = Hasher()
        unsafe keys.withUnsafeBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[range])) }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    private func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count && keys[left] == keys[right]
    }
}
