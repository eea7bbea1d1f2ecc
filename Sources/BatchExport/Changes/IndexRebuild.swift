import Files
import SystemPackage

/// Makes an index again from what a table was made of, newest first.
struct IndexRebuild {
    let hashKey = HashKey.random()
    private var rows: GrowingSlots
    private var deletedCount = 0

    /// - Parameter directory: for temporary files, which have up to 128 bytes for each key, while one grows.
    init(temporaryIn directory: FilePath) throws(FileError) {
        rows = try GrowingSlots(temporaryIn: directory)
    }

    /// A key had this row, unless something newer was said of it.
    mutating func add(_ key: Hash128, _ row: Hash128) throws(FileError) { try rows.setIfAbsent(key, row) }

    /// A key was deleted, unless something newer was said of it.
    mutating func delete(_ key: Hash128) throws(FileError) {
        let before = rows.count
        try rows.setIfAbsent(key, .none)
        deletedCount += rows.count - before
    }

    /// - Returns: the file without its name.
    consuming func write(to file: consuming StagedFile, of identity: IndexIdentity) throws -> StagedFile {
        var writer = IndexWriter(file, hashKey, keyCount: rows.count - deletedCount)
        var cursor = SlotCursor(rows.slots)
        while let key = cursor.advance() {
            if cursor.row != .none { try writer.append(key, cursor.row) }
        }
        return try writer.finish(for: identity)
    }
}
