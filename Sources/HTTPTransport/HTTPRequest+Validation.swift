extension HTTPRequest {
    /// Refuses a request that would become another one on the wire.
    ///
    /// libcurl sends methods and header fields as they are, so a line break in one would begin another field.
    func validate() throws(HTTPTransportError) {
        guard method.isHTTPToken else { throw .invalidMethod }
        for (name, value) in headers {
            guard name.isHTTPToken, !value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else {
                throw .invalidHeader(name: name)
            }
        }
        guard url.isWellFormed else { throw .invalidURL(host: url.host) }
    }
}

extension String {
    /// A token of RFC 9110.
    fileprivate var isHTTPToken: Bool {
        !utf8.isEmpty && utf8.allSatisfy(\.isHTTPTokenCharacter)
    }
}

extension UInt8 {
    fileprivate var isHTTPTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
