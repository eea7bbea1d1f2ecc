import Text

/// An absolute `http` or `https` address, split into the parts that signing and sending need.
///
/// User information, fragments and other schemes are never sent, so a text with them does not parse.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case http, https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package var scheme: Scheme
    /// Lower-case name or address; an IPv6 address keeps its brackets.
    package var host: String
    /// `nil` for the scheme's own port.
    package var port: Int?
    /// Percent-encoded, beginning with `/`.
    package var path: String
    /// Percent-encoded, without the `?`.
    package var query: String?

    package init(scheme: Scheme, host: String, port: Int? = nil, path: String = "/", query: String? = nil) {
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port == scheme.defaultPort ? nil : port
        self.path = path.hasPrefix("/") ? path : "/" + path
        self.query = query
    }

    /// The value of the `Host` header: the host, with the port unless it is the scheme's own.
    package var authority: String {
        port.map { "\(host):\($0)" } ?? host
    }

    package var description: String {
        "\(scheme.rawValue)://\(authority)\(path)\(query.map { "?" + $0 } ?? "")"
    }

    /// Whether its text is read as the same parts again. They can be set one by one, and a host with a slash or a path
    /// with a question mark would become another URL.
    package var isWellFormed: Bool {
        host.utf8[...].isHost && (port.map { (1...65535).contains($0) } ?? true)
            && path.hasPrefix("/") && path.utf8.allSatisfy { $0.isOfTarget && $0 != UInt8(ascii: "?") }
            && (query?.utf8.allSatisfy(\.isOfTarget) ?? true)
    }

    /// Reads an absolute address.
    ///
    /// A host that ends in a number has to be a plain IPv4 address: libcurl also reads `2130706433`, `0x7f.1` and
    /// `127.1` as addresses, so a check on the text would pass a host that libcurl resolves differently.
    package init(parsing text: String) throws(HTTPURLError) {
        guard text.utf8.allSatisfy({ $0.isVisibleASCII && $0 != .backslash }) else {
            throw HTTPURLError(
                text: text, reason: "it contains a blank, a backslash, a control or a non-ASCII character")
        }
        // The text is ASCII here, so bytes are characters, and comparing bytes is faster.
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text.utf8[colon...].starts(with: "://".utf8)
        else {
            throw HTTPURLError(text: text, reason: "it does not begin with http:// or https://")
        }
        guard let scheme = Scheme(rawValue: text[..<colon].lowercased()) else {
            throw HTTPURLError(text: text, reason: "its scheme is neither http nor https")
        }
        let rest = text.utf8[colon...].dropFirst(3)
        guard !rest.contains(UInt8(ascii: "#")) else { throw HTTPURLError(text: text, reason: "it has a fragment") }
        let authorityEnd = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let (host, port) = try Self.splitAuthority(rest[..<authorityEnd], of: text)
        let target = rest[authorityEnd...]
        let queryStart = target.firstIndex(of: UInt8(ascii: "?"))
        self.init(
            scheme: scheme, host: host, port: port,
            path: String(Substring(target[..<(queryStart ?? target.endIndex)])),
            query: queryStart.map { String(Substring(target[$0...].dropFirst())) })
    }

    private static func splitAuthority(
        _ authority: Substring.UTF8View, of text: String
    ) throws(HTTPURLError) -> (host: String, port: Int?) {
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw HTTPURLError(text: text, reason: "it contains a user name or password")
        }
        let isBracketed = authority.first == UInt8(ascii: "[")
        let bracket = isBracketed ? authority.firstIndex(of: UInt8(ascii: "]")) : nil
        let hostEnd =
            bracket.map(authority.index(after:)) ?? authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        let host = authority[..<hostEnd]
        guard host.isHost else { throw HTTPURLError(text: text, reason: "its host is not a host name or address") }
        let portText = authority[hostEnd...]
        if portText.isEmpty { return (String(Substring(host)), nil) }
        // Digits alone, because UInt16 would accept "+80".
        guard portText.first == UInt8(ascii: ":"), portText.dropFirst().allSatisfy(\.isDigit),
            let port = UInt16(Substring(portText.dropFirst())), port > 0
        else {
            throw HTTPURLError(text: text, reason: "its port is not a number from 1 to 65535")
        }
        return (String(Substring(host)), Int(port))
    }
}

extension UInt8 {
    /// Whether a path or a query may contain it as it is.
    fileprivate var isOfTarget: Bool { isVisibleASCII && self != .backslash && self != UInt8(ascii: "#") }
}
