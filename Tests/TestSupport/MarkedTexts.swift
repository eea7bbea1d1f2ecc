/// Texts that show whether a test on many bytes at once is right for each of them.
package enum MarkedTexts {
    /// Bytes next to the special ones, which a wrong test would confuse with them.
    private static let neighbours: [UInt8] = [
        0x00, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x2b, 0x2c, 0x2d, 0x3b, 0x3d, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80,
        0xa2,
        0xfb, 0xff,
    ]

    /// Every byte at every place, among bytes that resemble it.
    package static func make(_ count: Int) -> [(text: [UInt8], place: Int)] {
        var generator = SplitMix(seed: 20_261_130)
        var texts: [(text: [UInt8], place: Int)] = []
        for byte in UInt8.min ... .max {
            for place in 0..<count {
                var text = (0..<count).map { _ in Self.neighbours.randomElement(using: &generator) ?? 0 }
                text[place] = byte
                texts.append((text, place))
            }
        }
        return texts
    }
}
