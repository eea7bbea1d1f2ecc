import Text

/// A decimal number of any length, read from its text: `-12.50`.
struct DecimalText {
    private let isNegative: Bool
    /// The digits before the point, without leading zeros.
    private let whole: Range<Int>
    /// The digits after the point, without trailing zeros.
    let fraction: Range<Int>

    /// - Returns: nil unless the text is digits with at most a sign in front and a point between them.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var offset = range.lowerBound
        isNegative = offset < range.upperBound && bytes[offset] == .minus
        if isNegative { offset += 1 }
        let digits = offset
        while offset < range.upperBound, bytes[offset].isDigit { offset += 1 }
        guard offset > digits else { return nil }
        var first = digits
        while first < offset, bytes[first] == UInt8(ascii: "0") { first += 1 }
        whole = first..<offset
        guard offset < range.upperBound else {
            fraction = offset..<offset
            return
        }
        guard bytes[offset] == .point, offset + 1 < range.upperBound else { return nil }
        offset += 1
        let start = offset
        while offset < range.upperBound, bytes[offset].isDigit { offset += 1 }
        guard offset == range.upperBound else { return nil }
        while offset > start, bytes[offset - 1] == UInt8(ascii: "0") { offset -= 1 }
        fraction = start..<offset
    }

    private var isZero: Bool { whole.isEmpty && fraction.isEmpty }

    /// Negative, zero or positive.
    func compare(in bytes: Span<UInt8>, with other: DecimalText, in otherBytes: Span<UInt8>) -> Int {
        let sign = isZero ? 0 : isNegative ? -1 : 1
        let otherSign = other.isZero ? 0 : other.isNegative ? -1 : 1
        guard sign == otherSign else { return sign - otherSign }
        return sign * compareMagnitude(in: bytes, with: other, in: otherBytes)
    }

    private func compareMagnitude(in bytes: Span<UInt8>, with other: DecimalText, in otherBytes: Span<UInt8>) -> Int {
        guard whole.count == other.whole.count else { return whole.count - other.whole.count }
        let difference = bytes.compare(whole, with: otherBytes, other.whole)
        return difference != 0 ? difference : bytes.compare(fraction, with: otherBytes, other.fraction)
    }
}
