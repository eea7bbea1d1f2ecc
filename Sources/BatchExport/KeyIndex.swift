import JSON

/// The keys of one batch: which row holds each, last come first served.
///
/// Keys are compared byte by byte, so keys that differ in case or in Unicode form are different keys.
struct KeyIndex {
    /// Every key; of several columns, each as a length and its bytes, so that ("ab", "c") and ("a", "bc") differ.
    private var keys: [UInt8] = []
    private var keyStarts: [UInt32] = []
    /// Hashes of the last rows, which have no slot yet.
    private var unplaced: [UInt32] = []
    /// Open addressing, a power of two long: 0 is free, else the key's hash above the row's number plus 1. With the hash
    /// at hand keys are rarely looked at, each of which lies somewhere else in memory.
    private var slots = [UInt64](repeating: 0, count: 1 << 10)
    private var hasher = KeyHasher()

    var rowCount: Int { keyStarts.count }

    /// Reads the next row's key.
    mutating func append(_ block: RowBlock, row: Int, keyIndices: [Int]) {
        let start = keys.count
        let bytes = block.bytes.span
        let first = block.cellIndices(ofRow: row).lowerBound
        for index in keyIndices {
            let cell = block.cells[first + index]
            if keyIndices.count > 1 { appendLength(cell.count) }
            keys.append(copying: bytes, in: cell.range)
        }
        keyStarts.append(UInt32(start))
        unplaced.append(hasher.hash(keys.span, in: start..<keys.count))
    }

    private mutating func appendLength(_ length: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { keys.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }

    /// Gives the rows that were appended since the last time their places.
    ///
    /// Many at a time: a slot lies anywhere in memory, and the processor waits for several of them at once if nothing
    /// stands between them.
    ///
    /// - Returns: each row whose key came again, and the later row that has it.
    mutating func placeRows() -> [(earlier: Int, later: Int)] {
        growIfNeeded()
        var repeated: [(earlier: Int, later: Int)] = []
        let first = keyStarts.count - unplaced.count
        for index in unplaced.indices {
            let hash = unplaced[index]
            let row = first + index
            let slot = findSlot(ofRow: row, hash)
            if slots[slot] != 0 { repeated.append((Self.row(in: slots[slot]), row)) }
            slots[slot] = UInt64(hash) << 32 | UInt64(row + 1)
        }
        unplaced.removeAll(keepingCapacity: true)
        return repeated
    }

    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        keyStarts.removeAll(keepingCapacity: true)
        unplaced.removeAll(keepingCapacity: true)
        for index in slots.indices { slots[index] = 0 }
    }

    /// No more than half of the slots are taken.
    private mutating func growIfNeeded() {
        var count = slots.count
        while keyStarts.count * 2 > count { count *= 2 }
        guard count > slots.count else { return }
        let old = slots
        slots = [UInt64](repeating: 0, count: count)
        // No two of them are the same key.
        for entry in old where entry != 0 {
            var slot = Int(entry >> 32) & (count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = entry
        }
    }

    /// The slot that holds the row's key, or the free one where it belongs.
    private func findSlot(ofRow row: Int, _ hash: UInt32) -> Int {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0, slots[slot] >> 32 != hash || !isSameKey(Self.row(in: slots[slot]), row) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private static func row(in entry: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: entry)) - 1 }

    private func keyRange(ofRow row: Int) -> Range<Int> {
        let end = row + 1 < keyStarts.count ? Int(keyStarts[row + 1]) : keys.count
        return Int(keyStarts[row])..<end
    }

    private func isSameKey(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (keyRange(ofRow: left), keyRange(ofRow: right))
        return left.count == right.count && keys[left] == keys[right]
    }
}

/// A hash with a secret: seeded anew for every index, so that no result can be made to collide.
///
/// Multiplies to 128 bits and folds, eight bytes at a time, as wyhash does; half the time of the standard library's on
/// keys of a few bytes.
private struct KeyHasher {
    private let seed = UInt64.random(in: .min ... .max)
    private let factor = UInt64.random(in: .min ... .max) | 1

    func hash(_ bytes: Span<UInt8>, in range: Range<Int>) -> UInt32 {
        var hash = seed ^ UInt64(range.count)
        var offset = range.lowerBound
        while offset + 8 <= range.upperBound {
            hash = mix(hash ^ bytes.loadWord(at: offset))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < range.upperBound {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        hash = mix(mix(hash ^ rest))
        return UInt32(truncatingIfNeeded: hash)
    }

    private func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
