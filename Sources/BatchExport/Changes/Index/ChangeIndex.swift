import Files
import SystemPackage

/// Tells the rows of a table that are new or changed from those that it holds, and the keys that are gone.
///
/// Knows nothing but hashes of keys and of rows. It is told each row of a table's new state, in any order; a row that was
/// taken then counts as held. Its memory is less than three bits for each key that was held, and a filter of bounded
/// size; everything else is in files that the kernel keeps in memory as far as there is room. It has one owner.
final class ChangeIndex {
    /// Of the state before; nil if there was none, and then every row is taken.
    private let held: HeldRows?
    private var taken: GrowingSlots
    private var seen: SlotSet
    private var listed: SlotSet
    let hashKey: HashKey
    /// Keys that were not held before and have a row now.
    private var newCount = 0
    /// Makes the reads of ``prepare(_:)`` count for the compiler.
    private var touched: UInt64 = 0

    /// - Parameters:
    ///   - held: what the table held before.
    ///   - directory: for temporary files, which have up to 128 bytes for each row that is taken, while one grows.
    init(held: HeldRows?, temporaryIn directory: FilePath) throws(FileError) {
        self.held = held
        hashKey = held?.hashKey ?? .random()
        taken = try GrowingSlots(temporaryIn: directory)
        seen = SlotSet(slots: held?.slots.count ?? 0)
        listed = SlotSet(slots: 0)
    }

    /// Keys that the table held before.
    var heldCount: Int { held?.count ?? 0 }

    /// Keys that were held and that no row has had so far.
    var goneCount: Int { heldCount - seen.count }

    /// Keys that the table has after the rows that were taken and without those that are gone.
    var keyCount: Int { seen.count + newCount }

    /// Takes a row unless its key has this very row already.
    ///
    /// - Returns: whether it was taken.
    func take(_ key: Hash128, _ row: Hash128) throws(FileError) -> Bool {
        guard let held, held.count > 0 else {
            try taken.set(key, row)
            newCount = taken.count
            return true
        }
        let (slot, isHeld) = held.slots.place(of: key)
        if isHeld { seen.insert(slot) }
        if taken.count > 0, let before = taken.row(of: key) {
            if before == row { return false }
            try taken.set(key, row)
            return true
        }
        if isHeld, held.slots.row(at: slot) == row { return false }
        try taken.set(key, row)
        if !isHeld { newCount += 1 }
        return true
    }

    /// Reads the slots where keys belong, before they are taken one by one.
    ///
    /// Slots are scattered in memory. The reads here do not depend on one another, so the processor waits for many at a
    /// time.
    func prepare(_ keys: [Hash128]) {
        guard let held else { return }
        for key in keys { touched ^= held.slots.key(at: SortedSlots.home(of: key, of: held.slots.homes)).high }
    }

    /// A key is still there, though its row cannot be taken.
    func see(_ key: Hash128) {
        guard let held else { return }
        let (slot, isHeld) = held.slots.place(of: key)
        if isHeld { seen.insert(slot) }
    }

    /// Whether a key is gone and was not asked for before, once all rows were told.
    func listGone(_ key: Hash128) -> Bool {
        guard let held else { return false }
        let (slot, isHeld) = held.slots.place(of: key)
        guard isHeld, !seen.contains(slot) else { return false }
        if listed.isEmpty { listed = SlotSet(slots: held.slots.count) }
        return listed.insert(slot)
    }

    /// Tells most of the keys that are not gone without a look at the index, once all rows were told.
    func goneFilter() -> KeyFilter {
        var filter = KeyFilter(for: goneCount)
        guard let held else { return filter }
        var cursor = SlotCursor(held.slots)
        while let key = cursor.advance() {
            if !seen.contains(cursor.slot) { filter.insert(key) }
        }
        return filter
    }

    /// Writes the index of the new state, without the keys that are gone.
    ///
    /// - Returns: the file without its end, which tells what the index is of.
    func write(to file: consuming StagedFile) throws -> IndexWriter {
        var writer = IndexWriter(file, hashKey, keyCount: keyCount)
        var changes = SlotCursor(taken.slots)
        var change = changes.advance()
        if let held {
            var cursor = SlotCursor(held.slots)
            while let key = cursor.advance() {
                guard seen.contains(cursor.slot) else { continue }
                while let other = change, other < key {
                    try writer.append(other, changes.row)
                    change = changes.advance()
                }
                if change == key {
                    try writer.append(key, changes.row)
                    change = changes.advance()
                } else {
                    try writer.append(key, cursor.row)
                }
            }
        }
        while let other = change {
            try writer.append(other, changes.row)
            change = changes.advance()
        }
        return writer
    }
}

/// Some of the slots of a table, a bit for each.
private struct SlotSet {
    private var words: [UInt64]
    private(set) var count = 0

    init(slots: Int) {
        words = [UInt64](repeating: 0, count: (slots + 63) / 64)
    }

    /// Whether it has room for no slot.
    var isEmpty: Bool { words.isEmpty }

    func contains(_ slot: Int) -> Bool { words[slot >> 6] & 1 << UInt64(slot & 63) != 0 }

    /// - Returns: whether the slot was not there before.
    @discardableResult
    mutating func insert(_ slot: Int) -> Bool {
        let bit = 1 << UInt64(slot & 63) as UInt64
        guard words[slot >> 6] & bit == 0 else { return false }
        words[slot >> 6] |= bit
        count += 1
        return true
    }
}
