import Text

/// A text in two readings: as it is, and plain. In the plain one, escapes are replaced by what they mean and blanks are
/// removed.
struct RedactedText {
    private let raw: Reading
    let plain: Reading

    /// The bytes of a reading, and the range of the text that each comes from.
    struct Reading {
        var bytes: [UInt8] = []
        var sources: [Range<Int>] = []
    }

    /// A blank may split an escape, and an escape may stand for a part of another one.
    private static let rounds = 3

    init(_ text: [UInt8]) {
        raw = Reading(bytes: text, sources: text.indices.map { $0..<$0 + 1 })
        var reading = raw
        for _ in 0..<Self.rounds { reading = reading.unescaped }
        plain = reading
    }

    /// Replaces secrets that either reading contains.
    ///
    /// - Parameter ignoringLast: how much of the end of both readings is left out: where a text was cut, part of a
    ///   secret may stand there.
    func replacing(
        _ secrets: [(raw: [UInt8], plain: [UInt8])], with mark: [UInt8], ignoringLast: Int
    ) -> [UInt8] {
        var found: [Range<Int>] = []
        for secret in secrets {
            found += raw.ranges(of: secret.raw)
            found += plain.ranges(of: secret.plain)
        }
        found.sort { $0.lowerBound < $1.lowerBound }
        let end =
            ignoringLast == 0
            ? raw.bytes.count : min(raw.start(ofLast: ignoringLast), plain.start(ofLast: ignoringLast))
        var output: [UInt8] = []
        var offset = 0
        for range in found where range.upperBound > offset && range.lowerBound < end {
            // One mark serves for two secrets that overlap.
            if range.lowerBound >= offset {
                output += raw.bytes[offset..<range.lowerBound]
                output += mark
            }
            offset = range.upperBound
        }
        if offset < end { output += raw.bytes[offset..<end] }
        return output
    }
}

extension RedactedText.Reading {
    /// Where the last `count` bytes begin in the text.
    fileprivate func start(ofLast count: Int) -> Int { sources.suffix(count).first?.lowerBound ?? 0 }

    /// Where a secret stands in the original text.
    fileprivate func ranges(of secret: [UInt8]) -> [Range<Int>] {
        guard let first = secret.first, secret.count <= bytes.count else { return [] }
        var ranges: [Range<Int>] = []
        var index = 0
        while index <= bytes.count - secret.count {
            if bytes[index] == first, bytes[index..<index + secret.count].elementsEqual(secret) {
                let end = index + secret.count
                ranges.append(sources[index].lowerBound..<sources[end - 1].upperBound)
                index = end
            } else {
                index += 1
            }
        }
        return ranges
    }

    /// Without blanks, and with escapes replaced by what they mean.
    fileprivate var unescaped: Self {
        var output = Self()
        output.bytes.reserveCapacity(bytes.count)
        output.sources.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let (byte, length) = escape(at: index) ?? (bytes[index], 1)
            if byte > .space {
                output.bytes.append(byte)
                output.sources.append(sources[index].lowerBound..<sources[index + length - 1].upperBound)
            }
            index += length
        }
        return output
    }

    /// The meaning of the escape at an index, if it is one character of ASCII, and the length of the escape.
    private func escape(at index: Int) -> (byte: UInt8, length: Int)? {
        switch bytes[index] {
        case UInt8(ascii: "%"): return number(from: index + 1, digits: 2, radix: 16).map { ($0.byte, $0.end - index) }
        case UInt8(ascii: "\\"):
            guard index + 1 < bytes.count else { return nil }
            switch bytes[index + 1] {
            case UInt8(ascii: "u"):
                return number(from: index + 2, digits: 4, radix: 16).map { ($0.byte, $0.end - index) }
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): return (.space, 2)
            case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "\""): return (bytes[index + 1], 2)
            default: return nil
            }
        case UInt8(ascii: "&"):
            guard index + 2 < bytes.count, bytes[index + 1] == UInt8(ascii: "#") else { return nil }
            let isHexadecimal = bytes[index + 2] | 0x20 == UInt8(ascii: "x")
            let start = index + (isHexadecimal ? 3 : 2)
            let digits = bytes[start...].prefix(8).prefix { $0.isASCIIAlphanumeric }.count
            guard let (byte, end) = number(from: start, digits: digits, radix: isHexadecimal ? 16 : 10),
                end < bytes.count, bytes[end] == UInt8(ascii: ";")
            else { return nil }
            return (byte, end + 1 - index)
        default: return nil
        }
    }

    private func number(from start: Int, digits: Int, radix: UInt32) -> (byte: UInt8, end: Int)? {
        guard digits > 0, start + digits <= bytes.count else { return nil }
        var number: UInt32 = 0
        for byte in bytes[start..<start + digits] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, digit < radix else { return nil }
            number = number &* radix &+ UInt32(digit)
        }
        return number < 0x80 ? (UInt8(number), start + digits) : nil
    }
}
