import Files

/// Writes the file of an index from its first key to its last.
struct IndexWriter: ~Copyable {
    private var file: StagedFile
    private let key: HashKey
    private let keyCount: Int
    private let homes: Int
    private var written = 0
    private var slotCount = 0
    private var check = CheckValue()
    /// As they are in the file: lowest byte first.
    private var buffer: [UInt64] = []

    private static let bufferWords = 1 << 17

    /// - Parameter keyCount: how many keys will be appended.
    init(_ file: consuming StagedFile, _ key: HashKey, keyCount: Int) {
        self.file = file
        self.key = key
        self.keyCount = keyCount
        homes = StoredSlots.homes(for: keyCount)
        buffer.reserveCapacity(Self.bufferWords + StoredSlots.endWords)
    }

    /// Appends a key that is greater than all before it.
    mutating func append(_ key: Hash128, _ row: Hash128) throws(FileError) {
        try fill(to: SortedSlots.home(of: key, of: homes))
        try write(key, row)
        written += 1
    }

    /// Writes the end of the file, which has no name yet.
    consuming func finish(for identity: IndexIdentity) throws(FileError) -> StagedFile {
        precondition(written == keyCount, "the index has as many keys as were announced")
        try fill(to: homes)
        let end = StoredSlots.end(
            key, homes: homes, slots: slotCount, keys: keyCount, identity, check.value)
        for word in end + [StoredSlots.check(of: end)] { buffer.append(word.littleEndian) }
        try flush()
        return file
    }

    private mutating func fill(to slot: Int) throws(FileError) {
        while slotCount < slot { try write(.none, .none) }
    }

    private mutating func write(_ key: Hash128, _ row: Hash128) throws(FileError) {
        for word in [key.high, key.low, row.high, row.low] {
            check.update(word)
            buffer.append(word.littleEndian)
        }
        slotCount += 1
        if buffer.count >= Self.bufferWords { try flush() }
    }

    private mutating func flush() throws(FileError) {
        // The bytes are copied before the closure ends.
        try file.append(unsafe buffer.withUnsafeBytes { unsafe Array($0) })
        buffer.removeAll(keepingCapacity: true)
    }
}
