import JSON
import Text

/// Explains why a configuration is no JSON, in words for authors who write it by hand.
struct ConfigurationSyntax {
    private let text: [UInt8]

    init(_ text: [UInt8]) {
        self.text = text
    }

    func explain(_ error: JSONError, file: String) -> ConfigurationError {
        guard case .syntax(let offset, let reason) = error else {
            return .file(ConfigurationPlace(file: file, offset: nil, in: text), problem: "\(error); correct the file")
        }
        let (place, problem) =
            slip(at: offset, reason) ?? (offset, reason.contains(";") ? reason : "\(reason); correct it")
        return .file(ConfigurationPlace(file: file, offset: place, in: text), problem: problem)
    }

    /// Syntax of other formats that JSON does not have.
    private func slip(at offset: Int, _ reason: String) -> (offset: Int, problem: String)? {
        guard offset < text.count else {
            return text.allSatisfy(\.isASCIIBlankOrLineEnd) ? (offset, "the file is empty; write at least {}") : nil
        }
        let rest = text[offset...]
        switch rest.first {
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            guard let comma = lastVisible(before: offset), text[comma] == UInt8(ascii: ",") else { return nil }
            let bracket = String(UnicodeScalar(text[offset]))
            return (comma, "a comma stands before the closing \(bracket) (a trailing comma); remove it")
        case UInt8(ascii: "'"): return (offset, "a text stands between single quotes; write it between double quotes")
        case UInt8(ascii: "#"): return (offset, "JSON has no comments; remove this one")
        case UInt8(ascii: "/") where rest.starts(with: "//".utf8) || rest.starts(with: "/*".utf8):
            return (offset, "JSON has no comments; remove this one")
        case UInt8(ascii: "\"") where reason.hasPrefix("expected a comma"):
            return (offset, "a comma is missing before this")
        default: return otherFormat(at: offset)
        }
    }

    /// A text that begins like YAML, TOML or an INI file.
    private func otherFormat(at offset: Int) -> (offset: Int, problem: String)? {
        let isFirst = lastVisible(before: offset) == nil
        let line = text[offset...].prefix { $0 != UInt8(ascii: "\n") }
        let word = line.prefix(while: Self.isNameByte)
        let next = line.dropFirst(word.count).first { $0 != UInt8(ascii: " ") }
        if isFirst, line.starts(with: "---".utf8) || !word.isEmpty && next == UInt8(ascii: ":") {
            return (offset, #"this is YAML; the configuration is JSON, such as {"table": "orders"}"#)
        }
        if isFirst, !word.isEmpty, next == UInt8(ascii: "=") {
            return (offset, #"this is TOML or INI; the configuration is JSON, such as {"table": "orders"}"#)
        }
        guard !isFirst, !word.isEmpty, next == UInt8(ascii: ":") else { return nil }
        return (offset, "a name stands without quotes; write it between double quotes")
    }

    private func lastVisible(before offset: Int) -> Int? {
        text[..<offset].lastIndex { !$0.isASCIIBlankOrLineEnd }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == .underscore || byte == .minus
    }
}
