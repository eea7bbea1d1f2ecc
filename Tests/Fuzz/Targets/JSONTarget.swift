@testable import JSON

extension FuzzTarget {
    /// The strict parser, its output, and the minifier.
    static let json = FuzzTarget("json") { input in
        var minified: [UInt8] = []
        let isEmbeddable = JSONMinifier.append(input.span, in: 0..<input.count, to: &minified)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: input)
        } catch JSONError.syntax(let offset, let reason) {
            try promise((0...input.count).contains(offset), "an error is at a byte of the text")
            // The minifier gets valid UTF-8, and has its own limits for the rest.
            let isStricter = ["nested more than", "stands twice", "not valid UTF-8", "byte order mark", "gzip"]
                .contains { reason.contains($0) }
            try promise(!isEmbeddable || isStricter, "what is embedded is JSON, but: \(reason)")
            return
        }
        for isPretty in [false, true] {
            let text = value.serialized(pretty: isPretty)
            try promise(try JSONValue(parsing: text) == value, "what is written reads back")
            try promise(
                try JSONValue(parsing: text).serialized(pretty: isPretty) == text, "and is written the same again")
        }
        let end = try input.span.skipJSONValue(from: 0)
        try promise(input.span.skipJSONWhitespace(from: end) == input.count, "a value is skipped whole")
        if isEmbeddable {
            try promise(try JSONValue(parsing: minified) == value, "minified text is the same value")
        } else {
            try promise(value.holdsNUL, "JSON is embedded unless a loader would refuse it")
        }
        // Every way to request something that is not there.
        let field = JSONField(value)
        _ = try? field.integer(atLeast: 0)
        _ = try? field.strings()
        _ = try? field.onlyMembers(["a"])
        _ = try? field.member("a").elements()
    }
}

extension JSONValue {
    fileprivate var holdsNUL: Bool {
        switch self {
        case .null, .bool, .number: false
        case .string(let text): text.utf8.contains(0)
        case .array(let elements): elements.contains { $0.holdsNUL }
        case .object(let object): object.members.contains { $0.name.utf8.contains(0) || $0.value.holdsNUL }
        }
    }
}
