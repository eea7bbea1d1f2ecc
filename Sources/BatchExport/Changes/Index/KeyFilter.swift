/// A set of keys. It may say of a few other keys that it has them.
///
/// Each key sets one bit. There are 32 bits or more for each key, up to 16 MiB in all.
struct KeyFilter {
    private var words: [UInt64]
    private let mask: UInt64

    private static let bitsPerKey = 32
    private static let smallest = 1 << 16
    /// 16 MiB. With more keys than fit, more of the others pass it.
    private static let largest = 1 << 27

    /// - Parameter count: how many keys will be inserted.
    init(for count: Int) {
        var bits = Self.smallest
        while bits < count * Self.bitsPerKey, bits < Self.largest { bits *= 2 }
        words = [UInt64](repeating: 0, count: bits / 64)
        mask = UInt64(bits - 1)
    }

    mutating func insert(_ key: Hash128) {
        let bit = key.low & mask
        words[Int(bit >> 6)] |= 1 << (bit & 63)
    }

    /// False only for a key that was not inserted.
    @inline(__always)
    func mayContain(_ key: Hash128) -> Bool {
        let bit = key.low & mask
        return words[Int(bit >> 6)] & 1 << (bit & 63) != 0
    }
}
