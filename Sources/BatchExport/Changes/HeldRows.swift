import Files
import SystemPackage

/// For each key of a table the row that it has: an index as a file has it.
struct HeldRows {
    let slots: SortedSlots
    let hashKey: HashKey
    let count: Int

    /// Opens the file of an index, and reads it once to check it.
    ///
    /// - Returns: nil if there is none, or if it is of another state of a table, of another version, or damaged.
    init?(_ path: FilePath, of identity: IndexIdentity) {
        guard let words = try? MappedWords(reading: path), words.count > StoredSlots.endWords else { return nil }
        let end = (words.count - StoredSlots.endWords..<words.count).map { words[$0] }
        let (homes, slotCount, keyCount) = (Int(clamping: end[4]), Int(clamping: end[5]), Int(clamping: end[6]))
        let hashKey = HashKey(first: end[2], second: end[3])
        guard
            end.dropLast()
                == StoredSlots.end(
                    hashKey, homes: homes, slots: slotCount, keys: keyCount, identity, end[11])[...],
            end.last == StoredSlots.check(of: Array(end.dropLast())),
            homes > 0, slotCount >= homes, keyCount <= slotCount,
            (words.count - StoredSlots.endWords) / SortedSlots.wordsPerSlot == slotCount,
            (words.count - StoredSlots.endWords) % SortedSlots.wordsPerSlot == 0
        else { return nil }
        var check = CheckValue()
        for word in 0..<words.count - StoredSlots.endWords { check.update(words[word]) }
        guard check.value == end[11] else { return nil }
        slots = SortedSlots(words, homes: homes, count: slotCount)
        self.hashKey = hashKey
        count = keyCount
    }
}
