import HTTPTransport
import Logging
import Text

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One call of an operation, over all of its attempts.
struct AWSCall {
    let operation: String
    /// The same in all attempts, so that the service can distinguish a retry from another call.
    let invocationID: String
    /// Attempts in all.
    let maxAttempts: Int
    /// The number of the attempt under way, from 1.
    var attempt = 0
    /// Of the attempts, those that met a full queue and do not count.
    var attemptsInQueue = 0
    var waitedInQueue = Duration.zero
    /// What the last retry took from the quota; nil if there was no retry.
    var lastCost: Int?
    var hasRenewedCredentials = false
    var hasCorrectedClock = false

    init(operation: String, maxAttempts: Int) {
        self.operation = operation
        self.maxAttempts = maxAttempts
        // UUID() would open /dev/urandom for it.
        var generator = SystemRandomNumberGenerator()
        invocationID = UUID.random(using: &generator).uuidString.lowercased()
    }
}

/// Why one attempt failed.
enum AttemptFailure: Error {
    /// With the answer, and the credentials that the request was signed with, if it was.
    case service(AWSServiceError, HTTPResponse, Credentials?)
    case transport(HTTPTransportError)
    /// The status is that of success, and the body cannot be decoded.
    case undecodable(any Error, status: Int)

    /// Why another attempt may help; nil if it cannot.
    var cause: RetryPolicy.Cause? {
        switch self {
        case .transport(let error): error.isTransient ? .transient : nil
        case .undecodable: .transient
        case .service(let error, _, _):
            switch error.kind {
            case .throttling: .throttling
            case .transient: .transient
            case .concurrentQueryLimit: .concurrentQueryLimit
            case .expiredCredentials, .clockSkew, .credentialsRefused, .refused: nil
            }
        }
    }

    /// The log message when another attempt follows.
    var plan: String {
        cause == .concurrentQueryLimit
            ? "the account's queue of queries is full; waiting for a place" : "request failed; trying again"
    }

    /// The wait that the service names in `x-amz-retry-after`, in whole milliseconds; an invalid value is ignored.
    var retryAfter: Duration? {
        guard case .service(_, let response, _) = self,
            let milliseconds = response.headers["x-amz-retry-after"].flatMap({ Int64($0) }), milliseconds >= 0
        else { return nil }
        return .milliseconds(milliseconds)
    }

    /// The error that the caller gets.
    func error(in call: AWSCall) -> any Error {
        switch self {
        case .service(let error, _, _): AWSError.service(error, attempts: call.attempt)
        case .transport(let error): AWSError.transport(operation: call.operation, error, attempts: call.attempt)
        case .undecodable(let error, _): error
        }
    }

    var metadata: Logger.Metadata {
        switch self {
        case .service(let error, _, _):
            [
                "code": "\(error.code)", "http_status": "\(error.httpStatus)",
                "request_id": "\(error.requestID ?? "none")", "message": "\(error.message)",
            ]
        case .transport(let error): ["error": "\("\(error)".shown(limit: 500))"]
        case .undecodable(let error, let status):
            ["error": "\("\(error)".shown(limit: 500))", "http_status": "\(status)"]
        }
    }
}

extension Duration {
    /// To the millisecond: `0.05`, `12.5`.
    var inSeconds: Double { (self / .milliseconds(1)).rounded() / 1000 }
}
