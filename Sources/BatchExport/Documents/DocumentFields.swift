package import JSON
import Text

/// Members that manifest and state share.
extension JSONField {
    /// Refuses other documents, and versions that this program does not know yet.
    func checkFormat(_ name: String, version: Int) throws(JSONError) {
        try member("format").expect(name)
        let found = try member("version").integer(atLeast: 1)
        guard found <= version else {
            throw .field(
                path: "version", expected: "at most \(version)",
                found: "\(found), written by a newer athena-export; use that one")
        }
    }

    /// A name or a time, which must not be empty.
    func nonEmptyString() throws(JSONError) -> String {
        let text = try string()
        if text.isEmpty { throw .field(path: path, expected: "a text that is not empty", found: "\"\"") }
        return text
    }

    func expect(_ text: String) throws(JSONError) {
        let found = try string()
        guard found == text else {
            throw .field(path: path, expected: "\"\(text)\"", found: "\"\(found.prefix(200))\"")
        }
    }

    func expect(_ number: Int) throws(JSONError) {
        let found = try integer()
        guard found == number else { throw .field(path: path, expected: "\(number)", found: "\(found)") }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type
    ) throws(JSONError) -> Choice where Choice.RawValue == String {
        let text = try string()
        guard let choice = Choice(rawValue: text) else {
            throw .field(
                path: path, expected: "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))",
                found: "\"\(text.prefix(100))\"")
        }
        return choice
    }

    /// A count of rows, bytes or batches. The limit is far above any export and low enough to add many without
    /// overflow.
    package func count(atLeast minimum: Int = 0) throws(JSONError) -> Int {
        let number = try integer(atLeast: minimum)
        guard number <= Self.maximumCount else {
            throw .field(path: path, expected: "at most \(Self.maximumCount)", found: "\(number)")
        }
        return number
    }

    package static let maximumCount = 1 << 40

    func sha256() throws(JSONError) -> String {
        let text = try string()
        guard text.utf8.count == 64,
            text.utf8.allSatisfy({ $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else { throw .field(path: path, expected: "64 hexadecimal digits", found: "something else") }
        return text
    }
}
