import Text

/// Copies a JSON text without the blanks between its tokens, so that an NDJSON line can embed it.
public enum JSONMinifier {
    static let maximumDepth = 512

    /// Appends the text of `range` to `output` if it is one JSON value that every loader accepts.
    ///
    /// - Returns: false, with `output` unchanged, if the text is not valid JSON, is nested more than 512 deep, or if a
    ///   string in it escapes U+0000 or a lone surrogate, which PostgreSQL's `jsonb` and others refuse.
    public static func append(_ text: Span<UInt8>, in range: Range<Int>, to output: inout [UInt8]) -> Bool {
        let mark = output.count
        var copier = Copier(offset: range.lowerBound, end: range.upperBound)
        let isValid = copier.copyValue(text, to: &output, depth: 0)
        copier.skipBlanks(text)
        if isValid, copier.offset == range.upperBound { return true }
        output.removeLast(output.count - mark)
        return false
    }

    private struct Copier {
        var offset: Int
        let end: Int

        mutating func skipBlanks(_ text: Span<UInt8>) {
            offset = min(text.skipJSONWhitespace(from: offset), end)
        }

        mutating func copyValue(_ text: Span<UInt8>, to output: inout [UInt8], depth: Int) -> Bool {
            skipBlanks(text)
            guard offset < end, depth <= JSONMinifier.maximumDepth else { return false }
            switch text[offset] {
            case .quote: return copyString(text, to: &output)
            case .openBrace: return copyContainer(text, closing: .closeBrace, to: &output, depth: depth)
            case .openBracket: return copyContainer(text, closing: .closeBracket, to: &output, depth: depth)
            default: return copyScalar(text, to: &output)
            }
        }

        private mutating func copyContainer(
            _ text: Span<UInt8>, closing: UInt8, to output: inout [UInt8], depth: Int
        ) -> Bool {
            output.append(text[offset])
            offset += 1
            skipBlanks(text)
            if take(closing, text, to: &output) { return true }
            while true {
                if closing == .closeBrace {
                    skipBlanks(text)
                    guard offset < end, text[offset] == .quote, copyString(text, to: &output) else { return false }
                    skipBlanks(text)
                    guard take(.colon, text, to: &output) else { return false }
                }
                guard copyValue(text, to: &output, depth: depth + 1) else { return false }
                skipBlanks(text)
                if take(closing, text, to: &output) { return true }
                guard take(.comma, text, to: &output) else { return false }
            }
        }

        private mutating func take(_ byte: UInt8, _ text: Span<UInt8>, to output: inout [UInt8]) -> Bool {
            guard offset < end, text[offset] == byte else { return false }
            output.append(byte)
            offset += 1
            return true
        }

        private mutating func copyString(_ text: Span<UInt8>, to output: inout [UInt8]) -> Bool {
            guard let string = try? text.endOfJSONString(from: offset + 1), string.quote < end else { return false }
            if string.hasEscapes, !hasOnlyPlainEscapes(text, in: offset + 1..<string.quote) { return false }
            output.append(copying: text, in: offset..<string.quote + 1)
            offset = string.quote + 1
            return true
        }

        private func hasOnlyPlainEscapes(_ text: Span<UInt8>, in range: Range<Int>) -> Bool {
            var offset = range.lowerBound
            while offset < range.upperBound {
                guard text[offset] == .backslash else {
                    offset += 1
                    continue
                }
                guard offset + 1 < range.upperBound else { return false }
                if text[offset + 1] == UInt8(ascii: "u") {
                    guard
                        let scalar = try? JSONUnescaping.decodeScalar(text, at: &offset, end: range.upperBound),
                        scalar != 0, !(0xd800...0xdfff).contains(scalar)
                    else { return false }
                } else {
                    guard (try? JSONUnescaping.simpleEscape(text[offset + 1], offset: offset)) != nil else {
                        return false
                    }
                    offset += 2
                }
            }
            return true
        }

        private mutating func copyScalar(_ text: Span<UInt8>, to output: inout [UInt8]) -> Bool {
            let start = offset
            offset = min(text.endOfJSONScalar(from: start), end)
            guard text.isJSONLiteral(in: start..<offset) || text.isJSONNumber(in: start..<offset) else { return false }
            output.append(copying: text, in: start..<offset)
            return true
        }
    }
}
