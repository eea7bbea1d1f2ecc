import Files
import SystemPackage

/// What stands for the state of a table for which an index was made: a digest of 32 bytes.
struct IndexIdentity: Equatable, Sendable {
    let words: [UInt64]

    /// - Parameter digest: of SHA-256.
    init(_ digest: [UInt8]) {
        precondition(digest.count == 32, "a SHA-256 has 32 bytes")
        words = (0..<4).map { word in (0..<8).reduce(0) { $0 << 8 | UInt64(digest[8 * word + $1]) } }
    }
}

/// The file of an index: the slots, then what they are.
///
/// The end has sixteen words: a mark, a version, the hash key, how many homes, slots and keys there are, the identity of
/// what the index was made for, a check value of the slots, and one of the end itself.
enum StoredSlots {
    static let endWords = 16
    static let mark: UInt64 = 0x3178_6469_2d68_7461  // ath-idx1
    /// Another way to hash rows is another version too: its hashes fit no others.
    static let version: UInt64 = 2

    /// The words before the check value of the end.
    static func end(
        _ key: HashKey, homes: Int, slots: Int, keys: Int, _ identity: IndexIdentity, _ slotsCheck: UInt64
    ) -> [UInt64] {
        [mark, version, key.first, key.second, UInt64(homes), UInt64(slots), UInt64(keys)] + identity.words
            + [slotsCheck, 0, 0, 0]
    }

    static func check(of end: [UInt64]) -> UInt64 {
        var check = CheckValue()
        for word in end { check.update(word) }
        return check.value
    }

    /// How many homes a number of keys gets: one and a quarter for each.
    static func homes(for keys: Int) -> Int { max(1, keys + keys / 4) }
}

/// Tells damage by accident, at the speed of the memory.
struct CheckValue {
    private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

    @inline(__always)
    mutating func update(_ word: UInt64) {
        let product = (value ^ word).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        // The word is added again, so that no product of zero hides what comes before it.
        value = (product.high ^ product.low) &+ (word &<< 1 | 1)
    }
}
