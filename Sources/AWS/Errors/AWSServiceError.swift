import HTTPTransport

/// A service's error answer.
///
/// Texts of the service are cut, their control characters are shown by number, and secrets of the request are removed.
package struct AWSServiceError: Error, Sendable, Equatable {
    package let operation: String
    /// `InvalidRequestException`, without name space and address; the HTTP status if the service names no code.
    package let code: String
    /// Athena's own code, such as `QUERY_EXECUTION_NOT_FOUND`.
    package let athenaErrorCode: String?
    /// Why there were too many requests: `CONCURRENT_QUERY_LIMIT_EXCEEDED`.
    package let reason: String?
    package let message: String
    package let httpStatus: Int
    /// The id that AWS support needs.
    package let requestID: String?
    package let kind: Kind

    /// The meaning of the error for the call.
    package enum Kind: Sendable, Equatable {
        /// Too many requests; a later one may succeed.
        case throttling
        /// The account's queue of queries is full; a place becomes free in seconds to minutes.
        case concurrentQueryLimit
        /// A fault inside the service.
        case transient
        case expiredCredentials
        /// The request's time is too far from the service's.
        case clockSkew
        /// Unknown key, wrong signature, missing permission.
        case credentialsRefused
        /// The request itself is refused, and the same request always will be.
        case refused
    }
}

// MARK: - From an answer of any form

extension AWSServiceError {
    /// - Parameter type: nil where the answer names none.
    init(
        operation: String, type: String?, athenaErrorCode: String?, reason: String?, text: String,
        response: HTTPResponse, redactor: Redactor
    ) {
        func shown(_ text: String, limit: Int = 128) -> String { redactor.shown(text, limit: limit) }
        self.operation = operation
        code = type.map { shown($0) } ?? String(response.status)
        self.athenaErrorCode = athenaErrorCode.map { shown($0) }
        self.reason = reason.map { shown($0) }
        message = shown(text, limit: type == nil ? Self.maximumExcerpt : Self.maximumMessage)
        httpStatus = response.status
        requestID = (response.headers["x-amzn-RequestId"] ?? response.headers["x-amz-request-id"]).map { shown($0) }
        kind = Kind(code: type, reason: reason, message: text, httpStatus: response.status)
    }

    private static let maximumMessage = 2000
    /// For an answer that is not the service's, such as a proxy's page.
    private static let maximumExcerpt = 200

    /// The beginning of a body of unknown form: enough to recognize its sender, even with the secrets removed.
    static func excerpt(of body: [UInt8]) -> String {
        String(decoding: body.prefix(64 << 10), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension AWSServiceError: CustomStringConvertible {
    /// One line, without advice.
    package var description: String {
        let codes = athenaErrorCode.map { "\(code)/\($0)" } ?? code
        let request = requestID.map { ", request \($0)" } ?? ""
        return "\(operation): \(codes): \(message.isEmpty ? "no message" : message) (HTTP \(httpStatus)\(request))"
    }
}
