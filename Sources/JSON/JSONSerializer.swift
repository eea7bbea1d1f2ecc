public import Text

extension JSONValue {
    /// The value as text: on several indented lines (`pretty`), or on one line.
    public func serialized(pretty: Bool) -> [UInt8] {
        var output: [UInt8] = []
        write(to: &output, indentation: pretty ? 0 : nil)
        if pretty { output.append(.lineFeed) }
        return output
    }

    private func write(to output: inout [UInt8], indentation: Int?) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let digits): output.append(contentsOf: digits.utf8)
        case .string(let text): output.appendJSONString(text)
        case .array(let elements):
            Self.write(elements, to: &output, brackets: (.openBracket, .closeBracket), indentation: indentation) {
                $0.write(to: &$1, indentation: $2)
            }
        case .object(let object):
            Self.write(object.members, to: &output, brackets: (.openBrace, .closeBrace), indentation: indentation) {
                $1.appendJSONString($0.name)
                $1.append(contentsOf: ($2 == nil ? ":" : ": ").utf8)
                $0.value.write(to: &$1, indentation: $2)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], to output: inout [UInt8], brackets: (UInt8, UInt8), indentation: Int?,
        element write: (Element, inout [UInt8], Int?) -> Void
    ) {
        output.append(brackets.0)
        let inner = indentation.map { $0 + 2 }
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(.comma) }
            output.startLine(indentation: inner)
            write(element, &output, inner)
        }
        if !elements.isEmpty { output.startLine(indentation: indentation) }
        output.append(brackets.1)
    }
}

extension [UInt8] {
    /// Appends a text as a JSON string with its quotes. Escapes only what RFC 8259 requires.
    public mutating func appendJSONString(_ text: String) {
        append(.quote)
        // Most texts have nothing to escape, and are copied as they are.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != .quote && $0 != .backslash }) {
            append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { appendJSONEscaped(byte) }
        }
        append(.quote)
    }

    /// Appends one byte of a JSON string, escaped where RFC 8259 requires it.
    @inlinable
    public mutating func appendJSONEscaped(_ byte: UInt8) {
        switch byte {
        case .quote, .backslash:
            append(.backslash)
            append(byte)
        case UInt8.space...: append(byte)
        case .lineFeed: append(contentsOf: [.backslash, UInt8(ascii: "n")])
        case .carriageReturn: append(contentsOf: [.backslash, UInt8(ascii: "r")])
        case .tab: append(contentsOf: [.backslash, UInt8(ascii: "t")])
        case .backspace: append(contentsOf: [.backslash, UInt8(ascii: "b")])
        case .formFeed: append(contentsOf: [.backslash, UInt8(ascii: "f")])
        default:
            append(contentsOf: "\\u00".utf8)
            append(UInt8(ascii: "0") + (byte >> 4))
            let digit = byte & 0xf
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        }
    }

    fileprivate mutating func startLine(indentation: Int?) {
        guard let indentation else { return }
        append(.lineFeed)
        append(contentsOf: repeatElement(.space, count: indentation))
    }
}
