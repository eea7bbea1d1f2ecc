import JSON

/// The token of the next page, read from the beginning of a page that still arrives.
///
/// The service sends `NextToken` before `ResultSet`. That order is not documented, so this only saves time; the token
/// of the complete page counts.
enum LeadingNextToken {
    /// A token has 1024 characters at most; if it is not within this many bytes, it does not stand in front.
    private static let reach = 1200

    /// - Returns: whether more of the body could still contain it.
    static func look(in body: Span<UInt8>, _ report: (String) -> Void) -> Bool {
        guard let start = valueOffset(in: body) else { return body.count < reach }
        guard (try? body.endOfJSONString(from: start + 1)) != nil else { return body.count < reach }
        if let token = try? JSONValue.optionalString(in: body, at: start, path: "NextToken"), !token.isEmpty {
            report(token)
        }
        return false
    }

    /// Where the value of the first member begins, if that is the token.
    private static func valueOffset(in body: Span<UInt8>) -> Int? {
        var offset = body.skipJSONWhitespace(from: 0)
        let tokens: [StaticString] = ["{", "\"NextToken\"", ":"]
        for token in tokens {
            guard body.hasJSONToken(token, at: offset) else { return nil }
            offset = body.skipJSONWhitespace(from: offset + token.utf8CodeUnitCount)
        }
        return offset < body.count && body[offset] == UInt8(ascii: "\"") ? offset : nil
    }
}
