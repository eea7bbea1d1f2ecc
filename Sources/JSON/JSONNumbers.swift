public import Text

extension Span<UInt8> {
    /// Whether the text of a range is a JSON number: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    @inlinable
    public func isJSONNumber(in range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        guard skipJSONInteger(at: &offset, end: range.upperBound) else { return false }
        if offset < range.upperBound, self[offset] == .point {
            offset += 1
            guard skipDigits(at: &offset, end: range.upperBound) else { return false }
        }
        if offset < range.upperBound, self[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < range.upperBound, self[offset] == UInt8(ascii: "+") || self[offset] == .minus { offset += 1 }
            guard skipDigits(at: &offset, end: range.upperBound) else { return false }
        }
        return offset == range.upperBound
    }

    /// Whether the text of a range is `true`, `false` or `null`.
    func isJSONLiteral(in range: Range<Int>) -> Bool {
        isEqual("true", in: range) || isEqual("false", in: range) || isEqual("null", in: range)
    }

    /// Whether the text of a range is a JSON number without fraction and exponent.
    @inlinable
    public func isJSONInteger(in range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        return skipJSONInteger(at: &offset, end: range.upperBound) && offset == range.upperBound
    }

    @inlinable
    func skipJSONInteger(at offset: inout Int, end: Int) -> Bool {
        if offset < end, self[offset] == .minus { offset += 1 }
        guard offset < end else { return false }
        if self[offset] == UInt8(ascii: "0") {
            offset += 1
            return true
        }
        return skipDigits(at: &offset, end: end)
    }

    @inlinable
    func skipDigits(at offset: inout Int, end: Int) -> Bool {
        let start = offset
        while offset < end, self[offset].isDigit { offset += 1 }
        return offset > start
    }
}
