import HTTPTransport

extension AWSServiceError {
    /// Reads an error of the query protocol, which stands in an `ErrorResponse`, or of S3, which stands alone.
    init(xml response: HTTPResponse, operation: String, redactor: Redactor) {
        let document = try? XMLElement(parsing: response.body)
        let error = document?.name == "Error" ? document : document?["Error"]
        self.init(
            operation: operation, type: error?.text(of: "Code"), athenaErrorCode: nil, reason: nil,
            text: error == nil ? Self.excerpt(of: response.body) : error?.text(of: "Message") ?? "",
            response: response, redactor: redactor)
    }
}
