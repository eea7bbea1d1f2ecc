import Files

/// Pairs of a key's hash and its row's hash by rising key, in slots of a mapped file with free ones between them.
///
/// A key stands in its home slot, which follows from its hash, or behind it after the keys that are less: so it is found
/// within a few slots, which are mostly on one page of the file. There are slots behind the last home for the keys that
/// are pushed there.
struct SortedSlots {
    static let wordsPerSlot = 4

    let words: MappedWords
    /// How many slots are homes.
    let homes: Int
    let count: Int

    init(_ words: MappedWords, homes: Int, count: Int) {
        precondition(
            homes > 0 && count >= homes && count <= words.count / Self.wordsPerSlot, "the slots are in the file")
        self.words = words
        self.homes = homes
        self.count = count
    }

    /// The slot that a key has if no other is in its way.
    @inline(__always)
    static func home(of key: Hash128, of homes: Int) -> Int {
        Int(truncatingIfNeeded: key.high.multipliedFullWidth(by: UInt64(homes)).high)
    }

    /// The slot where a key is, or where it belongs: free, or taken by a greater key, or behind the last one.
    @inline(__always)
    func place(of key: Hash128) -> (slot: Int, isThere: Bool) {
        var slot = Self.home(of: key, of: homes)
        while slot < count {
            let other = self.key(at: slot)
            if other >= key || other == .none { return (slot, other == key) }
            slot += 1
        }
        return (slot, false)
    }

    /// ``Hash128/none`` for a free slot.
    @inline(__always)
    func key(at slot: Int) -> Hash128 {
        Hash128(high: words[slot * Self.wordsPerSlot], low: words[slot * Self.wordsPerSlot + 1])
    }

    @inline(__always)
    func row(at slot: Int) -> Hash128 {
        Hash128(high: words[slot * Self.wordsPerSlot + 2], low: words[slot * Self.wordsPerSlot + 3])
    }

    func setRow(_ row: Hash128, at slot: Int) {
        words[slot * Self.wordsPerSlot + 2] = row.high
        words[slot * Self.wordsPerSlot + 3] = row.low
    }

    func set(_ key: Hash128, _ row: Hash128, at slot: Int) {
        words[slot * Self.wordsPerSlot] = key.high
        words[slot * Self.wordsPerSlot + 1] = key.low
        setRow(row, at: slot)
    }
}

/// The taken slots of a table, by rising key.
struct SlotCursor {
    private let slots: SortedSlots
    private(set) var slot = -1

    /// Before the first taken slot.
    init(_ slots: SortedSlots) {
        self.slots = slots
    }

    /// Moves to the next taken slot.
    ///
    /// - Returns: its key; nil behind the last one.
    mutating func advance() -> Hash128? {
        slot += 1
        while slot < slots.count {
            let key = slots.key(at: slot)
            if key != .none { return key }
            slot += 1
        }
        return nil
    }

    var row: Hash128 { slots.row(at: slot) }
}
