import TestSupport

/// Inputs that differ a little from those of a corpus. The same seed gives the same ones.
struct MutatedInputs: Sequence, IteratorProtocol {
    private let corpus: [[UInt8]]
    private var random: SplitMix

    /// Bytes with a meaning in one of the formats that are read.
    private static let special =
        Array("\"\\/{}[]<>&;:,.%=#?*'`-+ \t\r\n09aAeEuU".utf8) + [0, 0x7f, 0x80, 0xc2, 0xed, 0xf4, 0xff]

    /// - Parameter corpus: at least one input.
    init(of corpus: [[UInt8]], seed: UInt64) {
        self.corpus = corpus
        random = SplitMix(seed: seed)
    }

    mutating func next() -> [UInt8]? {
        guard var input = corpus.randomElement(using: &random) else { return nil }
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&input) }
        return Array(input.prefix(4096))
    }

    private mutating func change(_ input: inout [UInt8]) {
        let place = Int.random(in: 0...input.count, using: &random)
        let range = place..<Swift.min(input.count, place + Int.random(in: 1...16, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: input.replaceSubrange(range.prefix(1), with: [UInt8.random(in: .min ... .max, using: &random)])
        case 1: input.insert(Self.special.randomElement(using: &random) ?? 0, at: place)
        case 2: input.removeSubrange(range)
        case 3: input.insert(contentsOf: Array(input[range]), at: place)
        case 4: input.removeSubrange(place...)
        default:
            // The rest of another input, from anywhere.
            let other = corpus.randomElement(using: &random) ?? []
            input.replaceSubrange(place..., with: other.dropFirst(Int.random(in: 0...other.count, using: &random)))
        }
    }
}
