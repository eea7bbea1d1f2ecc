package import Clock
package import HTTPTransport
package import Logging
import Text
import Threading

/// Reads, writes, lists and removes objects of S3 (API version 2006-03-01).
package struct S3Client: Sendable {
    /// How long a call tries before it gives up.
    package enum Patience: Sendable {
        /// With as many attempts as every other call.
        case full
        /// A few seconds: to find out whether S3 can be reached at all.
        case short
    }

    /// Parts of a result, objects of an upload.
    private static let callsAtATime = 16

    private let endpoint: Endpoint
    var expectedBucketOwner: String?
    private let credentials: any CredentialProvider
    private let transport: any HTTPTransport
    private let retry: RetryPolicy
    private let runtime: Runtime
    private let logger: Logger
    private let memory = Memory()

    /// Shared by all calls of this client: regions of buckets, and a client for each region.
    private final class Memory: Sendable {
        let regions = Locked<[String: Region]>([:])
        let clients = Locked<[ClientKind: AWSClient]>([:])
    }

    private struct ClientKind: Hashable {
        let region: Region
        let patience: Patience
    }

    /// - Parameter expectedBucketOwner: an account number; S3 refuses to read a bucket of any other account.
    package init(
        endpoint: Endpoint, expectedBucketOwner: String? = nil, credentials: any CredentialProvider,
        transport: any HTTPTransport, retry: RetryPolicy = .standard, runtime: Runtime = .system, logger: Logger
    ) {
        self.endpoint = endpoint
        self.expectedBucketOwner = expectedBucketOwner
        self.credentials = credentials
        self.transport = transport
        self.retry = retry
        self.runtime = runtime
        self.logger = logger
    }

    /// The same client, expecting this owner unless it expects one already.
    package func expecting(bucketOwner: String?) -> S3Client {
        var client = self
        client.expectedBucketOwner = expectedBucketOwner ?? bucketOwner
        return client
    }

    /// Whether a text is the number of an AWS account: 12 digits.
    package static func isAccountNumber(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(\.isDigit)
    }

    /// Sends one call to a bucket, and once more to the region that the bucket turns out to be in.
    ///
    /// - Parameter request: makes the request for the service's endpoint in a region.
    func call<Answer>(
        _ operation: String, bucket: String, patience: Patience = .full, request: (Endpoint) -> HTTPRequest,
        decode: (consuming HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        let region = memory.regions.withLock { $0[bucket] } ?? endpoint.signingRegion
        do {
            return try await send(operation, in: region, patience, request, decode)
        } catch let moved as BucketIsElsewhere where moved.region != region {
            logger.debug(
                "the bucket is in another region",
                metadata: ["event": "bucket_in_other_region", "bucket": "\(bucket)", "region": "\(moved.region)"])
            memory.regions.withLock { $0[bucket] = moved.region }
            do {
                return try await send(operation, in: moved.region, patience, request, decode)
            } catch let again as BucketIsElsewhere {
                throw again.error
            }
        } catch let moved as BucketIsElsewhere {
            throw moved.error
        }
    }

    /// S3's answer to a request for a bucket of another region.
    private struct BucketIsElsewhere: Error {
        let region: Region
        let error: AWSError
    }

    private func send<Answer>(
        _ operation: String, in region: Region, _ patience: Patience, _ request: (Endpoint) -> HTTPRequest,
        _ decode: (consuming HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        var bucketRegion: Region?
        let request = request(endpoint.inRegion(region))
        do {
            return try await client(region, patience).send(
                request, operation: operation, isError: \.isErrorOfS3
            ) { response, redactor in
                bucketRegion = response.headers["x-amz-bucket-region"].flatMap { Region($0) }
                let error = AWSServiceError(xml: response, operation: operation, redactor: redactor)
                // The answer to HEAD has no body that could give the code.
                guard response.status == 400, response.body.isEmpty else { return error }
                let isOfOtherRegion = bucketRegion != nil && bucketRegion != region
                return isOfOtherRegion ? error.ofOtherRegion : request.method == "HEAD" ? error.refused() : error
            } decode: {
                try decode($0)
            }
        } catch let error as AWSError {
            guard case .service(let answer, _) = error, answer.saysWrongRegion, let bucketRegion else { throw error }
            throw BucketIsElsewhere(region: bucketRegion, error: error)
        }
    }

    private func client(_ region: Region, _ patience: Patience) -> AWSClient {
        memory.clients.withLock { clients in
            let kind = ClientKind(region: region, patience: patience)
            if let client = clients[kind] { return client }
            let client = AWSClient(
                signing: .signed(SigV4(service: AWSService.s3.signingName, region: region), credentials),
                transport: transport,
                retry: patience == .full ? retry : RetryPolicy(maxAttempts: min(3, retry.maxAttempts)),
                callsAtATime: Self.callsAtATime, runtime: runtime, logger: logger)
            clients[kind] = client
            return client
        }
    }
}

extension AWSServiceError {
    fileprivate var saysWrongRegion: Bool {
        switch httpStatus {
        case 301, 307: true
        case 400: code == Self.wrongRegionCode
        default: false
        }
    }

    private static var wrongRegionCode: String { "AuthorizationHeaderMalformed" }

    fileprivate var ofOtherRegion: AWSServiceError { refused(code: Self.wrongRegionCode) }

    /// The same error, if no repetition helps.
    fileprivate func refused(code: String? = nil) -> AWSServiceError {
        AWSServiceError(
            operation: operation, code: code ?? self.code, athenaErrorCode: nil, reason: nil, message: message,
            httpStatus: httpStatus, requestID: requestID, kind: .refused)
    }
}
