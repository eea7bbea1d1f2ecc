package import JSON

/// A change that makes any JSON file invalid.
package struct JSONDefect: Sendable, CustomStringConvertible {
    package let name: String
    /// Applies the defect to a good file.
    package let apply: @Sendable ([UInt8]) -> [UInt8]
    package var description: String { name }

    init(_ name: String, _ apply: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.name = name
        self.apply = apply
    }

    /// A file of this text.
    init(_ name: String, text: String) {
        self.init(name) { _ in Array(text.utf8) }
    }

    /// Any reader of an object refuses each of them, because it is no valid JSON.
    package static let all: [JSONDefect] = [
        JSONDefect("empty", text: ""), JSONDefect("one blank", text: " "), JSONDefect("one byte", text: "{"),
        JSONDefect("one byte of an array", text: "["), JSONDefect("one quote", text: "\""),
        JSONDefect("not JSON", text: "hello"), JSONDefect("HTML", text: "<html><body>proxy</body></html>"),
        JSONDefect("YAML", text: "table: customers\n"), JSONDefect("single quotes", text: "{'table': 'customers'}"),
        JSONDefect("gzip") { _ in [0x1f, 0x8b, 8, 0, 0, 0, 0, 0] },
        JSONDefect("a byte order mark") { [0xef, 0xbb, 0xbf] + $0 },
        JSONDefect("UTF-16, little endian, marked") { [0xff, 0xfe] + $0.flatMap { [$0, 0] } },
        JSONDefect("UTF-16, big endian, marked") { [0xfe, 0xff] + $0.flatMap { [0, $0] } },
        JSONDefect("UTF-16, little endian") { $0.flatMap { [$0, 0] } },
        JSONDefect("UTF-16, big endian") { $0.flatMap { [0, $0] } },
        JSONDefect("NUL in front") { [0] + $0 }, JSONDefect("NUL behind") { $0 + [0] },
        JSONDefect("nothing but NUL") { $0.map { _ in 0 } },
        JSONDefect("text behind") { $0 + Array("x".utf8) }, JSONDefect("a second object behind") { $0 + $0 },
        JSONDefect("a comment") { Array("// settings\n".utf8) + $0 },
        JSONDefect("nested 513 deep") { firstValue($0, nested(513)) },
        JSONDefect("nested a million deep") { firstValue($0, nested(1_000_000)) },
        JSONDefect("a million brackets and no end", text: String(repeating: "[", count: 1_000_000)),
        JSONDefect("not UTF-8") { firstValue($0, [0x22, 0xc3, 0x28, 0x22]) },
        JSONDefect("overlong UTF-8") { firstValue($0, [0x22, 0xc0, 0xaf, 0x22]) },
        JSONDefect("a surrogate in UTF-8") { firstValue($0, [0x22, 0xed, 0xa0, 0x80, 0x22]) },
        JSONDefect("a lone surrogate") { firstValue($0, #""\ud800""#) },
        JSONDefect("a line end in a string") { firstValue($0, "\"a\nb\"") },
        JSONDefect("an unknown escape") { firstValue($0, #""\x41""#) },
        JSONDefect("NaN") { firstValue($0, "NaN") }, JSONDefect("a leading zero") { firstValue($0, "01") },
        JSONDefect("a plus sign") { firstValue($0, "+1") }, JSONDefect("hexadecimal") { firstValue($0, "0x10") },
        JSONDefect("no value") { firstValue($0, "") }, JSONDefect("two values") { firstValue($0, "1 2") },
        JSONDefect("a trailing comma") { Array($0.dropLast(while: { $0 != 0x7d }).dropLast()) + Array(",}".utf8) },
        JSONDefect("a repeated key") { text in
            guard let colon = text.firstIndex(of: 0x3a) else { return [] }
            return Array(text[...colon]) + Array("1,".utf8) + text.dropFirst()
        },
    ]

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    private static func firstValue(_ text: [UInt8], _ value: String) -> [UInt8] {
        firstValue(text, Array(value.utf8))
    }

    /// The text with another member in front of the first.
    private static func firstValue(_ text: [UInt8], _ value: [UInt8]) -> [UInt8] {
        Array("{\"format\":".utf8) + value + [0x2c] + text.dropFirst()
    }
}

extension [UInt8] {
    fileprivate func dropLast(while isDropped: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        self[..<(lastIndex { !isDropped($0) }.map { $0 + 1 } ?? 0)]
    }
}

/// A JSON text with one member changed.
package struct JSONMutation: Sendable, CustomStringConvertible {
    /// The change: `batches[0].rows is null`.
    package let name: String
    /// The path of the member: `batches[0].rows`.
    package let path: String
    package let value: JSONValue

    package var text: [UInt8] { value.serialized(pretty: true) }
    package var description: String { name }

    /// The replacements of a member. A number with a fraction, an exponent or too many digits is no integer.
    package enum Change: String, CaseIterable, Sendable {
        case isMissing = "is missing"
        case isNull = "is null"
        case isBoolean = "is true"
        case isArray = "is an array"
        case isObject = "is an object"
        case isString = "is a string"
        case isNumber = "is a number"
        case isFraction = "is 1.0"
        case hasExponent = "is 1e2"
        case isHuge = "is 1e400"
        case isNegative = "is -1"
        case is2to63 = "is 2^63"
        case is2to64 = "is 2^64"

        var replacement: JSONValue? {
            switch self {
            case .isMissing: nil
            case .isNull: .null
            case .isBoolean: .bool(true)
            case .isArray: [[]]
            case .isObject: ["x": .null]
            case .isString: "\u{1}"
            case .isNumber: .integer(7)
            case .isFraction: .number("1.0")
            case .hasExponent: .number("1e2")
            case .isHuge: .number("1e400")
            case .isNegative: .integer(-1)
            case .is2to63: .number("9223372036854775808")
            case .is2to64: .number("18446744073709551616")
            }
        }
    }

    /// Every member of a value, at any depth, changed in each of the ways.
    ///
    /// A change to the member's own kind is left out; a changed number has another value only.
    package static func all(of value: JSONValue, _ changes: [Change] = Change.allCases) -> [JSONMutation] {
        mutations(of: value, changes, path: "").map { change, path, value in
            JSONMutation(name: "\(path) \(change.rawValue)", path: path, value: value)
        }
    }

    private typealias Step = (change: Change, path: String, value: JSONValue)

    private static func mutations(of value: JSONValue, _ changes: [Change], path: String) -> [Step] {
        switch value {
        case .object(let object):
            return object.members.flatMap { name, member -> [Step] in
                let path = path.isEmpty ? name : "\(path).\(name)"
                let own = changes.compactMap { change -> Step? in
                    guard change.isOther(than: member) else { return nil }
                    var changed = object
                    changed[name] = change.replacement
                    return (change, path, .object(changed))
                }
                return own
                    + mutations(of: member, changes, path: path).map { step in
                        var changed = object
                        changed[name] = step.value
                        return (step.change, step.path, .object(changed))
                    }
            }
        case .array(let elements):
            // One element stands for all.
            guard let first = elements.first else { return [] }
            return mutations(of: first, changes, path: "\(path)[0]").map { step in
                (step.change, step.path, .array([step.value] + elements.dropFirst()))
            }
        default: return []
        }
    }
}

extension JSONMutation.Change {
    /// Whether the change gives the member another kind, and not only another value.
    fileprivate func isOther(than member: JSONValue) -> Bool {
        switch (self, member) {
        case (.isMissing, _): true
        case (.isNumber, .number), (.isString, .string), (.isBoolean, .bool), (.isNull, .null), (.isArray, .array),
            (.isObject, .object):
            false
        // A missing member of one kind may be allowed where the other is.
        case (.isNumber, .null), (.isString, .null): false
        case (.isFraction, let member), (.hasExponent, let member), (.isHuge, let member), (.isNegative, let member),
            (.is2to63, let member), (.is2to64, let member):
            if case .number = member { true } else { false }
        default: true
        }
    }
}
