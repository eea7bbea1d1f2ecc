import SystemPackage

/// Sorts any number of rows by key in bounded memory, and keeps the newest of each key.
struct RowSorter {
    private var buffer: SortBuffer
    private var spilled: SortedSpills?
    private let memory: Int
    private let temporaryDirectory: FilePath

    /// The least that is read of a spill at a time: smaller reads would be slowed by seeking.
    private static let minimumReadBuffer = 64 << 10
    /// How often a spill's longest row is in memory while the next part of the spill is read.
    private static let copiesInReader = 3
    /// How often a window of long rows is in memory while its rows are found.
    private static let copiesOfWindow = 4

    init(memory: Int, temporaryDirectory: FilePath) {
        self.memory = memory
        self.temporaryDirectory = temporaryDirectory
        buffer = SortBuffer(capacity: memory)
    }

    /// Adds a row that is newer than all before it.
    mutating func append(key: [UInt8], line: Span<UInt8>, _ range: Range<Int>) throws {
        if buffer.append(key: key, line: line, range) { return }
        try spill()
        _ = buffer.append(key: key, line: line, range)
    }

    /// Leaves memory for a window of the file that is longer than usual, because a row is.
    mutating func makeRoom(for bytes: Int) throws {
        let rest = max(memory / 4, memory - Self.copiesOfWindow * bytes)
        guard !buffer.limit(to: rest) else { return }
        try spill()
        // Another buffer, because the pages of this one have been touched.
        buffer = SortBuffer(capacity: rest)
    }

    /// The rows by rising key. Call it once, after the last row was added.
    mutating func finish() throws -> any RowCursor {
        guard spilled != nil else {
            buffer.sort()
            return buffer.newestRows()
        }
        if !buffer.isEmpty { try spill() }
        buffer = SortBuffer(capacity: 0)
        let readerBytes = max(Self.minimumReadBuffer, Self.copiesInReader * (spilled?.longestRow ?? 0))
        let fanIn = max(2, memory / (2 * readerBytes))
        while let sorted = spilled, sorted.spills.count > fanIn { spilled = try merged(sorted, by: fanIn) }
        guard let spilled else { return buffer.newestRows() }
        return try merger(of: spilled, 0..<spilled.spills.count)
    }

    private mutating func spill() throws {
        if spilled == nil { spilled = try SortedSpills(in: temporaryDirectory) }
        buffer.sort()
        do {
            var rows = buffer.newestRows()
            try spilled?.append(&rows)
        }
        buffer.removeAll()
    }

    /// Fewer, longer spills with the same rows.
    private func merged(_ sorted: SortedSpills, by fanIn: Int) throws -> SortedSpills {
        var merged = try SortedSpills(in: temporaryDirectory)
        for start in stride(from: 0, to: sorted.spills.count, by: fanIn) {
            var rows = try merger(of: sorted, start..<min(start + fanIn, sorted.spills.count))
            try merged.append(&rows)
        }
        return merged
    }

    private func merger(of sorted: SortedSpills, _ range: Range<Int>) throws(ExportError) -> SpillMerger {
        let bufferBytes = min(4 << 20, max(Self.minimumReadBuffer, memory / (2 * range.count)))
        return try SpillMerger(range.map { sorted.reader(of: $0, bufferBytes: bufferBytes) })
    }
}
