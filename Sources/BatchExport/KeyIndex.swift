import JSON

/// The keys of one batch: which row holds each, last come first served.
///
/// Keys are compared byte by byte, so keys that differ in case or in Unicode form are different keys.
struct KeyIndex {
    /// Every key, each column as a length and its bytes, so that ("ab", "c") and ("a", "bc") differ.
    private var keys: [UInt8] = []
    private var keyStarts: [UInt32] = []
    /// Open addressing, a power of two long: 0 is free, else the row's number plus 1.
    private var slots: [UInt32]

    init() {
        slots = [UInt32](repeating: 0, count: 1 << 10)
    }

    /// Adds the next row.
    ///
    /// - Returns: the row that held the key before, if any.
    mutating func insert(_ block: RowBlock, row: Int, keyIndices: [Int]) -> Int? {
        if keyStarts.count * 2 >= slots.count { grow() }
        let start = keys.count
        let bytes = block.bytes.span
        let first = block.cellIndices(ofRow: row).lowerBound
        for index in keyIndices {
            let cell = block.cells[first + index]
            for shift in stride(from: 0, to: 32, by: 8) { keys.append(UInt8(truncatingIfNeeded: cell.count >> shift)) }
            keys.append(copying: bytes, in: cell.range)
        }
        let added = UInt32(keyStarts.count + 1)
        keyStarts.append(UInt32(start))
        let slot = findSlot(ofKey: start..<keys.count)
        let previous = slots[slot]
        slots[slot] = added
        return previous == 0 ? nil : Int(previous) - 1
    }

    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        keyStarts.removeAll(keepingCapacity: true)
        for index in slots.indices { slots[index] = 0 }
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt32](repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 {
            slots[findSlot(ofKey: keyRange(ofRow: Int(entry) - 1))] = entry
        }
    }

    /// The slot that holds the key, or the free one where it belongs.
    private func findSlot(ofKey key: Range<Int>) -> Int {
        var slot = hash(key) & (slots.count - 1)
        while slots[slot] != 0, !isEqual(key, keyRange(ofRow: Int(slots[slot]) - 1)) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func keyRange(ofRow row: Int) -> Range<Int> {
        let end = row + 1 < keyStarts.count ? Int(keyStarts[row + 1]) : keys.count
        return Int(keyStarts[row])..<end
    }

    private func hash(_ range: Range<Int>) -> Int {
        // The standard library's hasher is seeded anew in every process, so no result can be made to collide.
        var hasher = Hasher()
        unsafe keys.withUnsafeBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[range])) }
        return hasher.finalize()
    }

    private func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count && keys[left] == keys[right]
    }
}
