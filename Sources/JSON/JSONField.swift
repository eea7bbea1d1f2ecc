/// A value with its path in the text, so that an error can name the place.
public struct JSONField: Sendable {
    /// Written `batches[2].rows`; empty for the whole text.
    public let path: String
    public let value: JSONValue

    public init(_ value: JSONValue, path: String = "") {
        self.value = value
        self.path = path
    }

    /// A required member; `null` counts as missing.
    public func member(_ name: String) throws(JSONError) -> JSONField {
        guard let field = try optionalMember(name) else {
            throw .field(path: path(to: name), expected: "a value", found: "nothing")
        }
        return field
    }

    /// An optional member; `null` counts as missing.
    public func optionalMember(_ name: String) throws(JSONError) -> JSONField? {
        guard case .object(let object) = value else { throw mismatch("an object") }
        guard let value = object[name], value != .null else { return nil }
        return JSONField(value, path: path(to: name))
    }

    /// Throws for an unknown member, so that a misspelt name is not ignored.
    public func onlyMembers(_ known: Set<String>) throws(JSONError) {
        guard case .object(let object) = value else { throw mismatch("an object") }
        for (name, _) in object.members where !known.contains(name) {
            throw .field(
                path: path(to: String(name.prefix(100))), expected: "one of \(known.sorted().joined(separator: ", "))",
                found: "an unknown key")
        }
    }

    public func string() throws(JSONError) -> String {
        guard case .string(let text) = value else { throw mismatch("a string") }
        return text
    }

    public func bool() throws(JSONError) -> Bool {
        guard case .bool(let flag) = value else { throw mismatch("true or false") }
        return flag
    }

    /// An integer of at least `minimum`, written without fraction and exponent.
    public func integer(atLeast minimum: Int = .min) throws(JSONError) -> Int {
        let expected = minimum == .min ? "an integer" : "an integer of at least \(minimum)"
        guard case .number(let digits) = value else { throw mismatch(expected) }
        guard let number = Int(digits), number >= minimum else {
            throw .field(path: displayPath, expected: expected, found: String(digits.prefix(40)))
        }
        return number
    }

    public func elements() throws(JSONError) -> [JSONField] {
        guard case .array(let elements) = value else { throw mismatch("an array") }
        return elements.enumerated().map { JSONField($0.element, path: "\(path)[\($0.offset)]") }
    }

    public func strings() throws(JSONError) -> [String] {
        var strings: [String] = []
        for element in try elements() { strings.append(try element.string()) }
        return strings
    }

    /// The error that this value is not the expected one.
    public func mismatch(_ expected: String) -> JSONError {
        .field(path: displayPath, expected: expected, found: value.kind)
    }

    private var displayPath: String { path.isEmpty ? "the whole text" : path }

    private func path(to name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
