extension AWSServiceError.Kind {
    /// botocore, `retries/standard.py`.
    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]
    private static let transientCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerException",
        "IDPCommunicationError",
        // S3: another conditional write of the same object is under way.
        "ConditionalRequestConflict", "OperationAborted",
    ]
    private static let transientStatuses: Set<Int> = [408, 500, 502, 503, 504]

    private static let expiredCodes: Set<String> = [
        "ExpiredTokenException", "ExpiredToken", "RequestExpired", "TokenRefreshRequired",
    ]
    private static let skewCodes: Set<String> = ["RequestTimeTooSkewed", "RequestInTheFuture"]
    private static let signatureCodes: Set<String> = ["InvalidSignatureException", "SignatureDoesNotMatch"]
    private static let refusedCredentialsCodes: Set<String> = [
        "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AccessDeniedException",
        "AccessDenied", "NotAuthorized", "NotAuthorizedException", "MissingAuthenticationToken",
        "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException", "OptInRequired",
        "AuthFailure", "InvalidToken", "InvalidIdentityToken", "IDPRejectedClaim", "UnauthorizedException",
        "InvalidClientException", "InvalidGrantException", "UnauthorizedClientException",
    ]

    /// - Parameter code: nil if the answer has none, as a proxy's page or an empty body.
    init(code: String?, reason: String?, message: String, httpStatus: Int) {
        // Only a proxy answers with 407, whatever its page contains.
        guard let code, httpStatus != 407 else {
            self = Self(httpStatus: httpStatus)
            return
        }
        switch code {
        case "TooManyRequestsException" where reason == "CONCURRENT_QUERY_LIMIT_EXCEEDED": self = .concurrentQueryLimit
        case _ where Self.throttlingCodes.contains(code): self = .throttling
        case _ where Self.expiredCodes.contains(code): self = .expiredCredentials
        case _ where Self.skewCodes.contains(code): self = .clockSkew
        case _ where Self.signatureCodes.contains(code):
            self = Self.speaksOfTime(message) ? .clockSkew : .credentialsRefused
        case _ where Self.refusedCredentialsCodes.contains(code): self = .credentialsRefused
        case _ where Self.transientCodes.contains(code): self = .transient
        case _ where httpStatus == 429: self = .throttling
        case _ where Self.transientStatuses.contains(httpStatus): self = .transient
        default: self = .refused
        }
    }

    private init(httpStatus: Int) {
        switch httpStatus {
        case 429: self = .throttling
        // A 400 of the service itself has a code, unless it answers HEAD; one without comes from something in between.
        case 400: self = .transient
        case _ where Self.transientStatuses.contains(httpStatus): self = .transient
        case 401, 403, 407: self = .credentialsRefused
        default: self = .refused
        }
    }

    /// "Signature expired: … is now earlier than …", "Signature not yet current: …".
    private static func speaksOfTime(_ message: String) -> Bool {
        let message = message.prefix(1000).lowercased()
        return message.contains("signature expired") || message.contains("signature not yet current")
    }
}
