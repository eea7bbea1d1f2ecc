import AWS
import HTTPTransport
import JSON
import Text

/// Removes from an answer what must not be kept: account numbers, and credentials that an error message repeats.
struct RecordingScrubber {
    private let redactor: Redactor

    init(_ request: HTTPRequest) {
        redactor = Redactor(request.secrets)
    }

    /// - Returns: the body byte for byte if nothing had to be removed.
    func scrub(_ body: [UInt8]) -> [UInt8] {
        // Strings are compared in decoded form: a secret may be written with escapes, and no escape may be cut in two.
        guard let answer = try? JSONValue(parsing: body) else {
            let scrubbed = scrub(text: body)
            // Without what was removed, the rest may be JSON, and its strings can be read.
            return scrubbed == body ? body : scrub(scrubbed)
        }
        let scrubbed = scrub(answer)
        return scrubbed == answer ? body : scrubbed.serialized(pretty: false)
    }

    private func scrub(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .number: return value
        case .string(let text): return .string(scrub(text))
        case .array(let elements): return .array(elements.map(scrub))
        case .object(let object):
            var scrubbed = JSONObject()
            for (name, value) in object.members { scrubbed[scrub(name)] = scrub(value) }
            return .object(scrubbed)
        }
    }

    private func scrub(_ text: String) -> String { String(decoding: scrub(text: Array(text.utf8)), as: UTF8.self) }

    private func scrub(text: [UInt8]) -> [UInt8] {
        // Secrets first: twelve digits in one would hide it.
        Self.withoutAccountNumbers(redactor.redacted(text, mark: Array("REDACTED".utf8)))
    }

    /// Twelve digits that stand alone are taken for an account number.
    private static func withoutAccountNumbers(_ text: [UInt8]) -> [UInt8] {
        var output = text
        var digits = 0
        func isWord(_ index: Int) -> Bool {
            guard text.indices.contains(index) else { return false }
            let byte = text[index]
            return byte == .underscore || byte.isASCIIAlphanumeric
        }
        for index in 0...text.count {
            if index < text.count, text[index].isDigit {
                digits += 1
                continue
            }
            if digits == 12, !isWord(index), !isWord(index - 13) {
                for digit in index - 12..<index { output[digit] = UInt8(ascii: "x") }
            }
            digits = 0
        }
        return output
    }
}
