/// A hash of 128 bits: wide enough that two texts of one table never share one.
///
/// With 10^9 keys the probability that any two do is below 10^-20.
struct Hash128: Comparable, Sendable {
    /// Both words are zero for no hash at all: a free slot of a table, or a row that is deleted.
    let high: UInt64
    let low: UInt64

    static let none = Hash128(high: 0, low: 0)

    static func < (left: Hash128, right: Hash128) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

/// The key of a keyed hash, so that rows cannot be chosen to collide.
struct HashKey: Equatable, Sendable {
    let first: UInt64
    let second: UInt64

    static func random() -> HashKey {
        HashKey(first: .random(in: .min ... .max), second: .random(in: .min ... .max))
    }
}

/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012; the reference implementation of its authors).
///
/// A keyed hash that is made for this: without the key, nothing can be said of its values. On rows of a few hundred bytes
/// it takes a third of the time of SHA-256.
struct SipHash128 {
    private var (v0, v1, v2, v3): (UInt64, UInt64, UInt64, UInt64)
    private var wordCount: UInt64 = 0

    @inline(__always)
    init(_ key: HashKey) {
        v0 = key.first ^ 0x736f_6d65_7073_6575
        v1 = key.second ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = key.first ^ 0x6c79_6765_6e65_7261
        v3 = key.second ^ 0x7465_6462_7974_6573
    }

    /// Hashes eight more bytes, the first of them lowest.
    @inline(__always)
    mutating func update(_ word: UInt64) {
        wordCount &+= 1
        compress(word)
    }

    /// The hash of all words; never ``Hash128/none``.
    @inline(__always)
    consuming func finalize() -> Hash128 {
        compress((wordCount &* 8) << 56)
        v2 ^= 0xee
        for _ in 0..<4 { round() }
        let high = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        let low = v0 ^ v1 ^ v2 ^ v3
        return Hash128(high: high, low: high | low == 0 ? 1 : low)
    }

    @inline(__always)
    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = v1 &<< 13 | v1 &>> 51
        v1 ^= v0
        v0 = v0 &<< 32 | v0 &>> 32
        v2 &+= v3
        v3 = v3 &<< 16 | v3 &>> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 &<< 21 | v3 &>> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 &<< 17 | v1 &>> 47
        v1 ^= v2
        v2 = v2 &<< 32 | v2 &>> 32
    }
}
