import Text

/// A value of an incremental export's cursor column: its text as the source writes it, and how it is ordered.
package struct CursorValue: Sendable, Equatable {
    /// What a text means; the raw value is the name in state files.
    package enum Kind: String, Sendable, CaseIterable {
        /// Ordered as numbers, of any length.
        case integer, decimal
        /// `2026-01-31`.
        case date
        /// `2026-01-31 01:02:03.456`, with any number of decimals or none.
        case timestamp
        /// The same with ` UTC` at its end. Texts of other zones do not show which came first.
        case zonedTimestamp = "timestamp with time zone"
        /// Ordered byte by byte, as the engine orders UTF-8.
        case text = "varchar"
    }

    package let kind: Kind
    package let text: String

    /// The longest text in bytes that, quoted as a literal, fits into one execution parameter.
    package static let maximumTextBytes = 500

    /// - Returns: nil for a text that does not have the kind's form, or is too long.
    package init?(_ kind: Kind, _ text: String) {
        let bytes = Array(text.utf8)
        guard kind.accepts(bytes.span, in: bytes.indices), bytes.count <= Self.maximumTextBytes else { return nil }
        self.kind = kind
        self.text = text
    }

    /// The higher of two values; the second one where they cannot be compared.
    static func highest(_ first: CursorValue, _ second: CursorValue?) -> CursorValue {
        guard let second else { return first }
        guard first.kind.order == second.kind.order else { return second }
        let (a, b) = (Array(first.text.utf8), Array(second.text.utf8))
        return first.kind.compare(a.span, a.indices, with: b.span, b.indices) > 0 ? first : second
    }
}

extension CursorValue.Kind {
    /// The kind of a column; nil if the order of its values does not show in their texts.
    init?(_ column: Column) {
        switch column.type {
        case .short, .int, .long: self = .integer
        case .decimal: self = .decimal
        case .naiveDate: self = .date
        case .naiveDateTime: self = .timestamp
        case .utcDateTime: self = .zonedTimestamp
        case .string where column.sourceType == "varchar" || column.sourceType == "string": self = .text
        case .string, .boolean, .float, .double, .binary, .json: return nil
        }
    }

    fileprivate enum Order { case numbers, moments, bytes }

    fileprivate var order: Order {
        switch self {
        case .integer, .decimal: .numbers
        case .date, .timestamp, .zonedTimestamp: .moments
        case .text: .bytes
        }
    }

    /// Whether a text has the form that the comparison needs.
    func accepts(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        switch self {
        case .integer: DecimalText(bytes, range)?.fraction.isEmpty == true && !bytes.holds(.point, in: range)
        case .decimal: DecimalText(bytes, range) != nil
        case .date: bytes.isDate(range)
        case .timestamp: bytes.isTimestamp(range)
        case .zonedTimestamp:
            range.count > 4 && bytes.ends(" UTC", range)
                && bytes.isTimestamp(range.lowerBound..<range.upperBound - 4)
        case .text: true
        }
    }

    /// Negative, zero or positive. Both texts must have the kind's form.
    func compare(_ bytes: Span<UInt8>, _ range: Range<Int>, with other: Span<UInt8>, _ otherRange: Range<Int>) -> Int {
        guard order == .numbers, let number = DecimalText(bytes, range),
            let otherNumber = DecimalText(other, otherRange)
        else { return bytes.compare(range, with: other, otherRange) }
        return number.compare(in: bytes, with: otherNumber, in: other)
    }
}

// MARK: - Moments

extension Span<UInt8> {
    /// The year has four digits: texts sort by time only if all years have as many.
    fileprivate func isDate(_ range: Range<Int>) -> Bool { hasForm("0000-00-00", range) }

    fileprivate func isTimestamp(_ range: Range<Int>) -> Bool {
        guard range.count >= 19, hasForm("0000-00-00 00:00:00", range.prefix(19)) else { return false }
        let fraction = range.dropFirst(19)
        guard let point = fraction.first else { return true }
        return fraction.count > 1 && self[point] == .point && fraction.dropFirst().allSatisfy { self[$0].isDigit }
    }

    /// Digits where the form has `0`, its own characters elsewhere.
    private func hasForm(_ form: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == form.utf8CodeUnitCount else { return false }
        var offset = range.lowerBound
        for character in "\(form)".utf8 {
            let byte = self[offset]
            guard character == UInt8(ascii: "0") ? byte.isDigit : byte == character else { return false }
            offset += 1
        }
        return true
    }

    fileprivate func holds(_ byte: UInt8, in range: Range<Int>) -> Bool { range.contains { self[$0] == byte } }

    fileprivate func ends(_ text: String, _ range: Range<Int>) -> Bool {
        zip(range.suffix(text.utf8.count), text.utf8).allSatisfy { self[$0] == $1 }
    }
}
