/// A service's answer that it will not do what it was asked.
///
/// Texts of the service are cut, their control characters shown by number, and the secrets of the request taken out.
public struct AWSServiceError: Error, Sendable, Equatable {
    public let operation: String
    /// `InvalidRequestException`, without name space and address; the HTTP status where the service names none.
    public let code: String
    /// Athena's own code, `QUERY_EXECUTION_NOT_FOUND` or the like.
    public let athenaErrorCode: String?
    /// Why there were too many requests: `CONCURRENT_QUERY_LIMIT_EXCEEDED`.
    public let reason: String?
    public let message: String
    public let httpStatus: Int
    /// What AWS support asks for.
    public let requestID: String?
    public let kind: Kind

    /// What the error means for the call.
    public enum Kind: Sendable, Equatable {
        /// Too many requests; a later one will do.
        case throttling
        /// The account's queue of queries is full: a place in it takes seconds to minutes.
        case concurrentQueryLimit
        /// The service's own trouble.
        case transient
        case expiredCredentials
        /// The request's time is too far from the service's.
        case clockSkew
        /// Unknown key, wrong signature, missing permission.
        case credentialsRefused
        /// The request itself is refused, and always will be.
        case refused
    }
}

extension AWSServiceError: CustomStringConvertible {
    /// One line, without advice.
    public var description: String {
        let codes = athenaErrorCode.map { "\(code)/\($0)" } ?? code
        let request = requestID.map { ", request \($0)" } ?? ""
        return "\(operation): \(codes): \(message.isEmpty ? "no message" : message) (HTTP \(httpStatus)\(request))"
    }
}
