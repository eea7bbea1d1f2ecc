import CVector
import Text

/// Maps each key of the batch to the last row that has it.
///
/// Keys are compared byte by byte, so keys that differ in case or in Unicode form are different keys.
struct KeyIndex {
    private var keys = StoredKeys()
    /// Hashes of the last rows, which have no slot yet.
    private var unplaced: [UInt32] = []
    /// Open addressing, a power of two long.
    private var slots = [Slot](repeating: .free, count: 1 << 10)
    private var hasher = KeyHasher()

    /// A row in the table, with its key's hash, so that keys, which are scattered in memory, are rarely read.
    private struct Slot {
        /// The hash above the row's number plus 1.
        private let bits: UInt64

        static var free: Slot { Slot(bits: 0) }

        init(row: Int, hash: UInt32) { self.init(bits: UInt64(hash) << 32 | UInt64(row + 1)) }

        private init(bits: UInt64) { self.bits = bits }

        var isFree: Bool { bits == 0 }
        var hash: UInt32 { UInt32(bits >> 32) }
        var row: Int { Int(UInt32(truncatingIfNeeded: bits)) - 1 }
    }

    /// Bytes that the keys take, without their places.
    var keyBytes: Int { keys.bytes.count }

    /// The bytes that a row's key will take.
    static func bytes(of block: RowBlock, row: Int, keyIndices: [Int]) -> Int {
        let first = block.cellIndices(ofRow: row).lowerBound
        let lengths = keyIndices.count > 1 ? keyIndices.count * StoredKeys.lengthBytes : 0
        return keyIndices.reduce(lengths) { $0 + Int(block.cells[first + $1].count) }
    }

    /// The most that the keys of some rows can take.
    static func mostBytes(of block: RowBlock, rows: Range<Int>, keyIndices: [Int]) -> Int {
        block.bytes.count + rows.count * keyIndices.count * StoredKeys.lengthBytes
    }

    /// Reads the keys of the next rows.
    mutating func append(_ block: RowBlock, rows: Range<Int>, keyIndices: [Int]) {
        // `append(addingCapacity: 0)` writes to the empty array's storage, which all threads share.
        guard !rows.isEmpty else { return }
        let first = keys.count
        keys.append(block, rows: rows, keyIndices: keyIndices)
        unplaced.append(addingCapacity: rows.count) { [keys, hasher] hashes in
            for row in first..<keys.count { hashes.append(hasher.hash(keys.bytes.span, in: keys.range(ofRow: row))) }
        }
    }

    /// Enters the rows that were appended since the last call into the table.
    ///
    /// Takes many rows at a time: slots are scattered in memory, so each is prefetched some rows before it is needed.
    ///
    /// - Returns: each row whose key occurs again, and the later row that has it.
    mutating func placeRows() -> [(earlier: Int, later: Int)] {
        growIfNeeded()
        let repeated = Self.place(unplaced, of: keys, in: &slots)
        unplaced.removeAll(keepingCapacity: true)
        return repeated
    }

    /// Gives the rows that were appended since the last time their places, but forgets each row whose key is there
    /// already: so an index has no more keys than there are different ones.
    ///
    /// - Returns: which of those rows were forgotten, counted from 0.
    mutating func placeNewKeys() -> [Int] {
        growIfNeeded()
        let repeated = Self.placeNewKeys(unplaced, of: &keys, in: &slots)
        unplaced.removeAll(keepingCapacity: true)
        return repeated
    }

    private static func placeNewKeys(
        _ hashes: [UInt32], of keys: inout StoredKeys, in slots: inout [Slot]
    ) -> [Int] {
        var repeated: [Int] = []
        var slots = slots.mutableSpan
        let first = keys.count - hashes.count
        // The row that the next new key gets.
        var free = first
        rows: for index in hashes.indices {
            if index + rowsAhead < hashes.count {
                prefetch(home(of: hashes[index + rowsAhead], of: slots.count), of: slots.span)
            }
            let hash = hashes[index]
            var slot = home(of: hash, of: slots.count)
            while !slots[slot].isFree {
                if slots[slot].hash == hash, keys.isSame(slots[slot].row, first + index) {
                    repeated.append(index)
                    continue rows
                }
                slot = next(slot, of: slots.count)
            }
            keys.move(first + index, to: free)
            slots[slot] = Slot(row: free, hash: hash)
            free += 1
        }
        keys.truncate(to: free)
        return repeated
    }

    /// - Parameter hashes: of the last keys.
    private static func place(
        _ hashes: [UInt32], of keys: StoredKeys, in slots: inout [Slot]
    ) -> [(earlier: Int, later: Int)] {
        var repeated: [(earlier: Int, later: Int)] = []
        var slots = slots.mutableSpan
        for index in hashes.indices {
            if index + rowsAhead < hashes.count {
                prefetch(home(of: hashes[index + rowsAhead], of: slots.count), of: slots.span)
            }
            let (row, hash) = (keys.count - hashes.count + index, hashes[index])
            var slot = home(of: hash, of: slots.count)
            while !slots[slot].isFree {
                if slots[slot].hash == hash, keys.isSame(slots[slot].row, row) {
                    repeated.append((slots[slot].row, row))
                    break
                }
                slot = next(slot, of: slots.count)
            }
            slots[slot] = Slot(row: row, hash: hash)
        }
        return repeated
    }

    mutating func removeAll() {
        keys.removeAll()
        unplaced.removeAll(keepingCapacity: true)
        for index in slots.indices { slots[index] = .free }
    }

    /// No more than half of the slots are taken.
    private mutating func growIfNeeded() {
        var count = slots.count
        while keys.count * 2 > count { count *= 2 }
        guard count > slots.count else { return }
        let old = slots
        slots = [Slot](repeating: .free, count: count)
        // No two of them are the same key.
        for taken in old where !taken.isFree {
            var slot = Self.home(of: taken.hash, of: count)
            while !slots[slot].isFree { slot = Self.next(slot, of: count) }
            slots[slot] = taken
        }
    }

    /// The slot that a hash would have if it were alone.
    private static func home(of hash: UInt32, of count: Int) -> Int { Int(hash) & (count - 1) }

    private static func next(_ slot: Int, of count: Int) -> Int { (slot + 1) & (count - 1) }

    private static let rowsAhead = 16

    private static func prefetch(_ slot: Int, of slots: Span<Slot>) {
        // The address is only a hint and is never read.
        unsafe slots.withUnsafeBufferPointer { unsafe cvector_prefetch($0.baseAddress.map { unsafe $0 + slot }) }
    }
}

/// The keys of rows, one after another.
private struct StoredKeys {
    /// Keys of several columns have a length before each value, so that ("ab", "c") and ("a", "bc") differ.
    private(set) var bytes: [UInt8] = []
    private var starts: [UInt32] = []

    var count: Int { starts.count }

    mutating func append(_ block: RowBlock, rows: Range<Int>, keyIndices: [Int]) {
        let text = block.bytes.span
        let cells = block.cells.span
        var room = ByteWriter.slack
        for row in rows {
            let first = block.cellIndices(ofRow: row).lowerBound
            for index in keyIndices { room += cells[first + index].range.count + Self.lengthBytes }
        }
        let before = bytes.count
        var starts = exchange(&self.starts, with: [])
        bytes.append(room: room) { writer in
            var keys = writer
            for row in rows {
                starts.append(UInt32(before + keys.count))
                let first = block.cellIndices(ofRow: row).lowerBound
                for index in keyIndices {
                    let cell = cells[first + index]
                    if keyIndices.count > 1 {
                        for place in 0..<Self.lengthBytes {
                            keys.append(UInt8(truncatingIfNeeded: cell.count >> UInt32(8 * place)))
                        }
                    }
                    keys.append(copying: text, in: cell.range)
                }
            }
            return keys
        }
        self.starts = starts
    }

    static let lengthBytes = 4

    func isSame(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (range(ofRow: left), range(ofRow: right))
        return left.count == right.count && bytes[left] == bytes[right]
    }

    func range(ofRow row: Int) -> Range<Int> {
        let end = row + 1 < starts.count ? Int(starts[row + 1]) : bytes.count
        return Int(starts[row])..<end
    }

    /// Moves a key to the place of a row before it, behind the key that is there now.
    ///
    /// The rows between the two must not be needed any more.
    mutating func move(_ row: Int, to free: Int) {
        guard free < row else { return }
        let (source, target) = (range(ofRow: row), Int(starts[free]))
        for offset in 0..<source.count { bytes[target + offset] = bytes[source.lowerBound + offset] }
        starts[free + 1] = UInt32(target + source.count)
    }

    /// Forgets the rows from `count` on.
    mutating func truncate(to count: Int) {
        guard count < starts.count else { return }
        bytes.removeLast(bytes.count - Int(starts[count]))
        starts.removeLast(starts.count - count)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
    }
}

/// A hash with random keys, other ones for each index, so that no result can be made to collide.
///
/// Multiplies to 128 bits and folds, eight bytes at a time, as wyhash does. On keys of a few bytes it takes half the time
/// of the standard library's hash.
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
