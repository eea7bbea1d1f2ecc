import Digest
import HTTPTransport
import Text

/// A request in the canonical form that both sides sign.
struct CanonicalRequest {
    let text: String
    /// Lower-case names in order, with semicolons between them.
    let signedHeaders: String

    init(_ request: HTTPRequest, pathRule: SigV4.PathRule) {
        let headers = Self.headers(of: request)
        signedHeaders = headers.map(\.name).joined(separator: ";")
        text =
            ([request.method.uppercased(), Self.path(of: request, pathRule), Self.query(of: request)]
            + headers.map { "\($0.name):\($0.value)" }
            + ["", signedHeaders, request.headers["X-Amz-Content-SHA256"] ?? SHA256.hash(request.body).hexadecimal])
            .joined(separator: "\n")
    }
}

// MARK: - Header fields

extension CanonicalRequest {
    /// Proxies change or remove these, so botocore does not sign them; `host` is the URL's.
    private static let unsignedHeaders: Set<String> = [
        "authorization", "baggage", "connection", "expect", "host", "keep-alive", "te", "traceparent", "trailer",
        "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// The header fields that are signed: lower-case names in order, each once.
    private static func headers(of request: HTTPRequest) -> [(name: String, value: String)] {
        var headers = [(name: "host", value: request.url.authority)]
        for (name, value) in request.headers {
            let name = name.lowercased()
            if unsignedHeaders.contains(name) || name.hasPrefix("proxy-") { continue }
            if let index = headers.firstIndex(where: { $0.name == name }) {
                headers[index].value += "," + fold(value)
            } else {
                headers.append((name, fold(value)))
            }
        }
        return headers.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Trims a value and makes one blank of every run of blanks.
    private static func fold(_ value: String) -> String {
        guard value.utf8.contains(where: \.isASCIIBlank) else { return value }
        return value.utf8.split(whereSeparator: \.isASCIIBlank).map { String(Substring($0)) }.joined(separator: " ")
    }
}

// MARK: - Path and query

extension CanonicalRequest {
    private static func path(of request: HTTPRequest, _ rule: SigV4.PathRule) -> String {
        switch rule {
        case .verbatim: request.url.path
        case .normalized: URIEncoding.encodePath(removingDotSegments(from: request.url.path))
        }
    }

    /// RFC 3986, section 5.2.4; services want repeated slashes gone as well.
    private static func removingDotSegments(from path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        return "/" + segments.joined(separator: "/") + (path.hasSuffix("/") && !segments.isEmpty ? "/" : "")
    }

    /// Sorted by name, then by value, as bytes. They are encoded already.
    private static func query(of request: HTTPRequest) -> String {
        guard let query = request.url.query, !query.isEmpty else { return "" }
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
        }
        return pairs.sorted { left, right in
            left.name == right.name
                ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }
}
