import HTTPTransport

extension FuzzTarget {
    /// Addresses that requests may go to.
    static let url = FuzzTarget("url") { input in
        guard let text = input.utf8Text else { return }
        let url: HTTPURL
        do throws(HTTPURLError) {
            url = try HTTPURL(parsing: text)
        } catch {
            try promise(!text.contains("@") || error.text == nil, "an error shows no text that may hold a password")
            return try promise(!"\(error)".contains { $0.isNewline }, "an error is one line")
        }
        try promise(try HTTPURL(parsing: url.description) == url, "an address reads back")
        try promise(!url.host.contains { "/?#@\\ ".contains($0) }, "a host is a host")
        try promise(url.host == url.host.lowercased() && url.path.hasPrefix("/"), "an address is in its one form")
        try promise(url.port.map { (1...65535).contains($0) } ?? true, "a port is a port")
    }
}
