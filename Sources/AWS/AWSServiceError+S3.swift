import HTTPTransport

extension AWSServiceError {
    /// Reads an error of S3: `<Error><Code>…</Code><Message>…</Message>…</Error>`.
    init(s3 response: HTTPResponse, operation: String, redactor: Redactor) {
        // Errors are short; a body that is not is somebody else's page.
        let body = String(decoding: response.body.prefix(64 << 10), as: UTF8.self)
        let code = Self.text(of: "Code", in: body)
        self.init(
            operation: operation, type: code, athenaErrorCode: nil, reason: nil,
            text: code == nil
                ? body.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                : Self.text(of: "Message", in: body) ?? "",
            response: response, redactor: redactor)
    }

    /// What stands between an element's tags. It is shown and compared, never resolved or followed.
    private static func text(of element: String, in body: String) -> String? {
        guard body.contains("<Error>"), let start = body.firstRange(of: "<\(element)>"),
            let end = body[start.upperBound...].firstRange(of: "</\(element)>")
        else { return nil }
        let text = String(body[start.upperBound..<end.lowerBound])
        return text.isEmpty ? nil : text
    }
}
