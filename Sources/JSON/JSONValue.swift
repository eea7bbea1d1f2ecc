/// A JSON text as a tree: for configuration, state, manifest and the small answers of a service. Result pages are parsed
/// without it.
///
/// Numbers keep their digits, members keep their order.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The digits as they are in the text.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public static func integer(_ value: Int) -> JSONValue { .number(String(value)) }

    /// A number with this many decimals and without an exponent, for seconds and the like.
    public static func decimal(_ value: Double, digits: Int) -> JSONValue {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded()
        guard rounded.isFinite, rounded.magnitude < 1e15 else { return .null }
        let whole = Int(rounded.magnitude)
        let divisor = Int(scale)
        let fraction = String(whole % divisor)
        let padding = String(repeating: "0", count: digits - (digits == 0 ? 0 : fraction.count))
        let sign = rounded < 0 ? "-" : ""
        return .number("\(sign)\(whole / divisor)" + (digits == 0 ? "" : ".\(padding)\(fraction)"))
    }

    /// The kind of this value, for messages that must not show the value.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object, in order; each name once.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    public private(set) var members: [(name: String, value: JSONValue)] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members.reserveCapacity(elements.count)
        for (name, value) in elements { self[name] = value }
    }

    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Adds a member whose name is known to be new.
    mutating func append(_ name: String, _ value: JSONValue) {
        members.append((name, value))
    }

    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.elementsEqual(right.members) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    public init(stringLiteral value: String) { self = .string(value) }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }

    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
