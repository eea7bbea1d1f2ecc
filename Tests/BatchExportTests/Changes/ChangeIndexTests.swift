@testable import BatchExport
import Digest
import Files
import SystemPackage
import TestSupport
import Testing

/// A directory for the files of an index, and the way from one state of a table to the next.
private struct IndexFiles {
    let directory: FilePath
    var path: FilePath { directory.appending("rows.index") }

    func identity(_ number: Int) -> IndexIdentity { IndexIdentity(SHA256.hash(Array("state \(number)".utf8))) }

    func held(_ number: Int) -> HeldRows? { HeldRows(path, of: identity(number)) }

    func staged() throws -> StagedFile {
        try StagedFile(at: directory.appending("index.tmp"), permissions: .ownerReadWrite)
    }

    func index(_ held: HeldRows?) throws -> ChangeIndex {
        try ChangeIndex(held: held, temporaryIn: directory)
    }

    func write(_ index: ChangeIndex, as number: Int) throws {
        try index.write(to: try staged()).finish(for: identity(number)).replace(path)
    }

    func bytes() throws -> [UInt8] { try BoundedFile.read(path, limit: 1 << 20).bytes }

    func replace(by bytes: ArraySlice<UInt8>) throws {
        var file = try staged()
        try file.append(Array(bytes))
        try file.replace(path)
    }
}

/// Keys that lie close together share homes, and keys at both ends of the space meet the ends of the table.
private func hash(_ number: Int, spread: Bool) -> Hash128 {
    var digest = SipHash128(HashKey(first: 1, second: 2))
    digest.update(UInt64(bitPattern: Int64(number)))
    let hash = digest.finalize()
    return spread ? hash : Hash128(high: number % 2 == 0 ? .max : hash.high >> 50, low: hash.low)
}

@Suite struct `An index of rows` {
    @Test(arguments: [true, false]) func `the index agrees with a dictionary over a million random operations`(
        _ spread: Bool
    ) async throws {
        try await withTemporaryDirectory { directory in
            let files = IndexFiles(directory: directory)
            var generator = SplitMix(seed: spread ? 19 : 91)
            var table: [Int: Int] = [:]
            let operations = spread ? 50_000 : 1_000
            let hashes = (0..<operations * 2 / 5).map { hash($0, spread: spread) }
            let rows = (0..<3).map { hash(-1 - $0, spread: true) }
            for night in 1...(spread ? 20 : 10) {
                let held = files.held(night - 1)
                try #require((held == nil) == (night == 1))
                let index = try files.index(held)
                let before = table
                var seen: Set<Int> = []
                for _ in 0..<operations {
                    let key = Int.random(in: hashes.indices, using: &generator)
                    if Int.random(in: 0..<20, using: &generator) == 0 {
                        index.see(hashes[key])
                        if before[key] != nil { seen.insert(key) }
                        continue
                    }
                    let row = Int.random(in: 0..<3, using: &generator)
                    let isTaken = try index.take(hashes[key], rows[row])
                    if before.isEmpty {
                        table[key] = row
                        #expect(isTaken)
                    } else {
                        let isChange = table.updateValue(row, forKey: key) != row
                        if isTaken != isChange { Issue.record("night \(night), key \(key): taken \(isTaken)") }
                    }
                    seen.insert(key)
                }
                let gone = Set(before.keys).subtracting(seen)
                #expect(index.heldCount == before.count && index.goneCount == gone.count)
                for key in hashes.indices where key % 7 == 0 || gone.contains(key) {
                    let isListed = index.listGone(hashes[key])
                    if isListed != gone.contains(key) { Issue.record("night \(night), key \(key): gone \(isListed)") }
                }
                if let key = gone.first { #expect(!index.listGone(hashes[key]), "a key is listed once") }
                for key in gone { table[key] = nil }
                #expect(index.keyCount == table.count)
                try files.write(index, as: night)
            }
            let last = try #require(files.held(spread ? 20 : 10))
            var cursor = SlotCursor(last.slots)
            var stored: [Hash128] = []
            while let key = cursor.advance() { stored.append(key) }
            #expect(stored == table.keys.map { hash($0, spread: spread) }.sorted())
        }
    }

    @Test func `the index takes every row of an empty table, and keeps the last one of a key`() async throws {
        try await withTemporaryDirectory { directory in
            let files = IndexFiles(directory: directory)
            let first = try files.index(nil)
            let (key, row, other) = (hash(1, spread: true), hash(2, spread: true), hash(3, spread: true))
            #expect(try first.take(key, row) && first.take(key, row) && first.take(key, other))
            #expect(first.heldCount == 0 && first.goneCount == 0 && first.keyCount == 1 && !first.listGone(key))
            first.see(key)
            try files.write(first, as: 1)
            let second = try files.index(files.held(1))
            #expect(try !second.take(key, other) && second.goneCount == 0)
        }
    }

    @Test func `the index compares a row with the rows of this run as well as with earlier ones`() async throws {
        try await withTemporaryDirectory { directory in
            let files = IndexFiles(directory: directory)
            let first = try files.index(nil)
            let (key, one, two) = (hash(1, spread: true), hash(11, spread: true), hash(12, spread: true))
            _ = try first.take(key, one)
            try files.write(first, as: 1)
            let second = try files.index(files.held(1))
            #expect(try second.take(key, two))
            #expect(try !second.take(key, two))
            #expect(try second.take(key, one), "the newest row that the table holds is the second one")
            try files.write(second, as: 2)
            #expect(try !files.index(files.held(2)).take(key, one))
        }
    }

    @Test func `an index that is lost, of another state, cut off, longer or damaged anywhere is refused`() async throws
    {
        try await withTemporaryDirectory { directory in
            let files = IndexFiles(directory: directory)
            #expect(files.held(1) == nil)
            let index = try files.index(nil)
            for number in 0..<50 { _ = try index.take(hash(number, spread: true), hash(number + 100, spread: true)) }
            try files.write(index, as: 1)
            #expect(files.held(1)?.count == 50 && files.held(2) == nil)
            let bytes = try files.bytes()
            for offset in stride(from: 0, to: bytes.count, by: 7) {
                var damaged = bytes
                damaged[offset] ^= 0x10
                try files.replace(by: damaged[...])
                if files.held(1) != nil { Issue.record("a change of byte \(offset) is not noticed") }
            }
            for count in [0, 1, 8, 128, 32, bytes.count - 128, bytes.count - 32, bytes.count - 8, bytes.count - 1] {
                try files.replace(by: bytes[..<count])
                #expect(files.held(1) == nil)
            }
            try files.replace(by: (bytes + bytes[..<32])[...])
            #expect(files.held(1) == nil)
            try files.replace(by: bytes[...])
            #expect(files.held(1) != nil)
        }
    }

    @Test func `the index is made again from a table's files, newest first`() async throws {
        try await withTemporaryDirectory { directory in
            let files = IndexFiles(directory: directory)
            var rebuild = try IndexRebuild(temporaryIn: files.directory)
            let keys = (0..<4).map { hash($0, spread: true) }
            let rows = (10..<14).map { hash($0, spread: true) }
            // Newest: 0 has a row; 1 is deleted. Before that, 0 was deleted, 1 had a row, 2 has one. 3 was deleted twice.
            try rebuild.add(keys[0], rows[0])
            try rebuild.delete(keys[1])
            try rebuild.delete(keys[3])
            try rebuild.delete(keys[0])
            try rebuild.add(keys[1], rows[1])
            try rebuild.add(keys[2], rows[2])
            try rebuild.delete(keys[3])
            try rebuild.add(keys[3], rows[3])
            try rebuild.write(to: try files.staged(), of: files.identity(1)).replace(files.path)
            let held = try #require(files.held(1))
            #expect(held.count == 2)
            let found = keys.map { key in
                let (slot, isThere) = held.slots.place(of: key)
                return isThere ? held.slots.row(at: slot) : nil
            }
            #expect(found == [rows[0], nil, rows[2], nil])
        }
    }

    @Test func `a full disk is reported before a row is taken`() async throws {
        let directory = FilePath("/dev/full-there-is-no-such-directory")
        #expect { try ChangeIndex(held: nil, temporaryIn: directory) } throws: {
            ($0 as? FileError)?.errno == .noSuchFileOrDirectory
        }
    }
}

@Suite struct `Hashes of rows` {
    /// The values of the reference implementation, as openssl mac SIPHASH with size 16 gives them.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "3b62a9ba6258f5610f83e264f31497b4"),
        (2, "6ee2a4ca67b054bbfd3315bf85230577"), (5, "df6a301e95c95dad97ae0cc8c6913bd8"),
    ]) func `the hashes are those of SipHash`(_ words: Int, _ expected: String) {
        var hash = SipHash128(HashKey(first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908))
        for word in 0..<UInt64(words) {
            hash.update((0..<8).reduce(0) { $0 | (8 * word + $1) << (8 * $1) })
        }
        let value = hash.finalize()
        let bytes = [value.high, value.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        #expect(bytes.hexadecimal == expected)
    }

    private func hasher(_ types: [ColumnType], _ format: FileFormat = .csv, keys: [Int] = [0]) -> RowHasher {
        let columns = types.enumerated().map { Column(name: "c\($0)", sourceType: "varchar", type: $1) }
        return RowHasher(HashKey(first: 3, second: 4), columns: columns, keyIndices: keys, format: format)
    }

    private func hashes(_ rows: [[String?]], _ hasher: RowHasher) -> [Hash128] {
        let block = block(rows)
        return (0..<block.rowCount).map { hasher.hash(ofRow: $0, in: block) }
    }

    @Test func `the hashes differ wherever values do`() {
        let values: [String?] = [nil, "", "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijklmnop", "\u{0}"]
        let rows = values.flatMap { first in values.map { [first, $0, "end"] } }
        let hashes = hashes(rows, hasher([.string, .string, .string]))
        #expect(Set(hashes.map { "\($0)" }).count == rows.count)
    }

    @Test func `the hashes do not depend on where in a block a row stands`() {
        let rows = (0..<40).map { [String(repeating: "x", count: $0 % 20), "value \($0 % 20)"] }
        let hashes = hashes(rows, hasher([.string, .string]))
        #expect(hashes[..<20] == hashes[20...])
    }

    @Test func `the hashes stay when columns are added in which a row has nothing`() {
        let before = hashes([["1", "a"], ["2", nil]], hasher([.string, .string]))
        let after = hashes(
            [["1", "a", nil], ["2", nil, nil], ["1", nil, "a"]], hasher([.string, .string, .string]))
        #expect(before[0] == after[0] && before[1] == after[1] && after[2] != after[0])
    }

    @Test func `the hash of a key covers its columns alone, and a key with a NULL has none`() {
        let hasher = hasher([.string, .string, .string], keys: [2, 0])
        let block = block([["a", "x", "b"], ["a", "y", "b"], ["b", "x", "a"], [nil, "x", "b"]])
        let keys = (0..<4).map { hasher.keyHash(ofRow: $0, in: block) }
        #expect(keys[0] == keys[1] && keys[0] != keys[2] && keys[0] != nil && keys[3] == nil)
    }

    @Test func `the hash of JSON covers the value in NDJSON, and the text in CSV`() {
        let rows: [[String?]] = [
            ["{\"a\": 1}"], ["{\"a\":1}"], ["null"], [nil], ["\"text\""], ["text"], ["[1"], ["{\"a\":2}"],
        ]
        let embedded = hashes(rows, hasher([.json], .ndjson))
        #expect(embedded[0] == embedded[1] && embedded[2] == embedded[3] && embedded[4] == embedded[5])
        #expect(Set(embedded.map { "\($0)" }).count == 5)
        #expect(Set(hashes(rows, hasher([.json])).map { "\($0)" }).count == rows.count)
    }
}
