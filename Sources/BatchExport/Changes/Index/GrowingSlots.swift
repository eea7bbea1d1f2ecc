import Files
import SystemPackage

/// Pairs of hashes that are added in any order, in a temporary file that grows.
struct GrowingSlots {
    private(set) var slots: SortedSlots
    private(set) var count = 0
    private let temporaryDirectory: FilePath

    private static let smallest = 1 << 10
    /// Behind the last home. With three quarters of the homes taken, keys are pushed a few slots on.
    private static let slotsBehind = 1 << 10

    init(temporaryIn directory: FilePath) throws(FileError) {
        temporaryDirectory = directory
        slots = try Self.free(homes: Self.smallest, in: directory)
    }

    /// The row's hash that was set for a key, if any was.
    func row(of key: Hash128) -> Hash128? {
        let (slot, isThere) = slots.place(of: key)
        return isThere ? slots.row(at: slot) : nil
    }

    /// Sets the row of a key, in place of the one that was set before.
    mutating func set(_ key: Hash128, _ row: Hash128) throws(FileError) {
        let (slot, isThere) = slots.place(of: key)
        if isThere { slots.setRow(row, at: slot) } else { try insert(key, row, at: slot) }
    }

    /// Sets the row of a key that has none yet.
    mutating func setIfAbsent(_ key: Hash128, _ row: Hash128) throws(FileError) {
        let (slot, isThere) = slots.place(of: key)
        if !isThere { try insert(key, row, at: slot) }
    }

    private mutating func insert(_ key: Hash128, _ row: Hash128, at slot: Int) throws(FileError) {
        var free = slot
        while free < slots.count, slots.key(at: free) != .none { free += 1 }
        guard free < slots.count, (count + 1) * 4 <= slots.homes * 3 else {
            try grow()
            return try insert(key, row, at: slots.place(of: key).slot)
        }
        while free > slot {
            slots.set(slots.key(at: free - 1), slots.row(at: free - 1), at: free)
            free -= 1
        }
        slots.set(key, row, at: slot)
        count += 1
    }

    /// Both tables are gone through in order, so this reads and writes whole pages, one after another.
    private mutating func grow() throws(FileError) {
        let larger = try Self.free(homes: 2 * slots.homes, in: temporaryDirectory)
        var cursor = SlotCursor(slots)
        var next = 0
        while let key = cursor.advance() {
            next = max(next, SortedSlots.home(of: key, of: larger.homes))
            larger.set(key, cursor.row, at: next)
            next += 1
        }
        slots = larger
    }

    private static func free(homes: Int, in directory: FilePath) throws(FileError) -> SortedSlots {
        let count = homes + slotsBehind
        let words = try MappedWords(zeros: count * SortedSlots.wordsPerSlot, temporaryIn: directory)
        return SortedSlots(words, homes: homes, count: count)
    }
}
