extension JSONValue {
    /// The value as text: over several lines for people to read, or on one line.
    public func serialized(pretty: Bool) -> [UInt8] {
        var output: [UInt8] = []
        write(to: &output, indentation: pretty ? 0 : nil)
        if pretty { output.append(0x0a) }
        return output
    }

    private func write(to output: inout [UInt8], indentation: Int?) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let digits): output.append(contentsOf: digits.utf8)
        case .string(let text): output.appendJSONString(text)
        case .array(let elements):
            Self.write(elements, to: &output, brackets: (0x5b, 0x5d), indentation: indentation) {
                $0.write(to: &$1, indentation: $2)
            }
        case .object(let object):
            Self.write(object.members, to: &output, brackets: (0x7b, 0x7d), indentation: indentation) {
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
            if index > 0 { output.append(0x2c) }
            output.startLine(indentation: inner)
            write(element, &output, inner)
        }
        if !elements.isEmpty { output.startLine(indentation: indentation) }
        output.append(brackets.1)
    }
}

extension [UInt8] {
    /// Appends a text as a JSON string with its quotes. Only what must be escaped is.
    public mutating func appendJSONString(_ text: String) {
        append(0x22)
        // Most texts have nothing to escape, and are copied as they are.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) {
            append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { appendJSONEscaped(byte) }
        }
        append(0x22)
    }

    /// Appends one byte of a JSON string, escaped where RFC 8259 demands it.
    @inlinable
    public mutating func appendJSONEscaped(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5c:
            append(0x5c)
            append(byte)
        case 0x20...: append(byte)
        case 0x0a: append(contentsOf: [0x5c, 0x6e])
        case 0x0d: append(contentsOf: [0x5c, 0x72])
        case 0x09: append(contentsOf: [0x5c, 0x74])
        case 0x08: append(contentsOf: [0x5c, 0x62])
        case 0x0c: append(contentsOf: [0x5c, 0x66])
        default:
            append(contentsOf: [0x5c, 0x75, 0x30, 0x30, 0x30 + (byte >> 4)])
            append(byte & 0xf < 10 ? 0x30 + (byte & 0xf) : 0x57 + (byte & 0xf))
        }
    }

    fileprivate mutating func startLine(indentation: Int?) {
        guard let indentation else { return }
        append(0x0a)
        append(contentsOf: repeatElement(0x20, count: indentation))
    }
}
