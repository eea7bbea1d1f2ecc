public import Clock
public import HTTPTransport
public import Logging
import Text
import Threading

/// Reads objects of S3 (API version 2006-03-01) in parts.
public struct S3Client: Sendable {
    /// How long a call tries before it gives up.
    public enum Patience: Sendable {
        /// With as many attempts as every other call.
        case full
        /// A few seconds: to find out whether S3 can be reached at all.
        case short
    }

    private let endpoint: Endpoint
    private var expectedBucketOwner: String?
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
    public init(
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
    public func expecting(bucketOwner: String?) -> S3Client {
        var client = self
        client.expectedBucketOwner = expectedBucketOwner ?? bucketOwner
        return client
    }

    /// Whether a text is the number of an AWS account: 12 digits.
    public static func isAccountNumber(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(\.isDigit)
    }

    /// Reads a part of an object.
    ///
    /// - Parameters:
    ///   - range: in bytes, not empty; it must begin before the object's end and may reach beyond it.
    ///   - etag: the expected version; nil for the current one.
    /// - Returns: the part from its beginning on; shorter than `range` if the connection broke off or the object ends.
    ///   The caller requests the rest.
    /// - Throws: ``AWSError``; with HTTP status 412 if the object is of another version.
    public func getObject(
        _ location: S3Location, range: Range<Int>, ifMatch etag: String? = nil, patience: Patience = .full
    ) async throws -> S3ObjectRange {
        let region = memory.regions.withLock { $0[location.bucket] } ?? endpoint.signingRegion
        do {
            return try await get(location, range, etag, in: region, patience)
        } catch let moved as BucketIsElsewhere where moved.region != region {
            logger.debug(
                "the bucket is in another region",
                metadata: [
                    "event": "bucket_in_other_region", "bucket": "\(location.bucket)", "region": "\(moved.region)",
                ])
            memory.regions.withLock { $0[location.bucket] = moved.region }
            do {
                return try await get(location, range, etag, in: moved.region, patience)
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

    private func get(
        _ location: S3Location, _ range: Range<Int>, _ etag: String?, in region: Region, _ patience: Patience
    ) async throws -> S3ObjectRange {
        var bucketRegion: Region?
        do {
            return try await client(region, patience).send(
                request(location, range, etag, in: region, patience), operation: "GetObject"
            ) { response, redactor in
                bucketRegion = response.headers["x-amz-bucket-region"].flatMap { Region($0) }
                return AWSServiceError(xml: response, operation: "GetObject", redactor: redactor)
            } decode: {
                try S3ObjectRange($0, asked: range)
            }
        } catch let error as AWSError {
            guard case .service(let answer, _) = error, answer.saysWrongRegion, let bucketRegion else { throw error }
            throw BucketIsElsewhere(region: bucketRegion, error: error)
        }
    }

    private func request(
        _ location: S3Location, _ range: Range<Int>, _ etag: String?, in region: Region, _ patience: Patience
    ) -> HTTPRequest {
        var headers: HTTPHeaders = [
            "Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)",
            // The caller accepts the cost of a "requester pays" bucket; S3 ignores it for others.
            "x-amz-request-payer": "requester",
        ]
        headers["If-Match"] = etag
        headers["x-amz-expected-bucket-owner"] = expectedBucketOwner
        // An error may be longer than the part; its status says more than its length.
        var limits = HTTPLimits(bodyBytes: max(range.count, 64 << 10))
        if patience == .short {
            limits.connect = .seconds(2)
            limits.stall = .seconds(5)
        }
        var request = HTTPRequest(
            method: "GET", url: endpoint.inRegion(region).url(of: location), headers: headers, limits: limits)
        request.acceptsBrokenBody = true
        return request
    }

    private func client(_ region: Region, _ patience: Patience) -> AWSClient {
        memory.clients.withLock { clients in
            let kind = ClientKind(region: region, patience: patience)
            if let client = clients[kind] { return client }
            let client = AWSClient(
                signing: .signed(SigV4(service: AWSService.s3.signingName, region: region), credentials),
                transport: transport,
                retry: patience == .full ? retry : RetryPolicy(maxAttempts: min(3, retry.maxAttempts)),
                runtime: runtime, logger: logger)
            clients[kind] = client
            return client
        }
    }
}

extension AWSServiceError {
    fileprivate var saysWrongRegion: Bool {
        switch httpStatus {
        case 301, 307: true
        case 400: code == "AuthorizationHeaderMalformed"
        default: false
        }
    }
}

extension Endpoint {
    /// The address of an object: the bucket in the host name, or in the path where a certificate or a name server
    /// would not know such a host.
    func url(of location: S3Location) -> HTTPURL {
        var url = url
        let path = URIEncoding.encodePath(location.key)
        if isCustom || !location.isBucketInHost {
            let base = url.path.hasSuffix("/") ? url.path : url.path + "/"
            url.path = "\(base)\(location.bucket)/\(path)"
        } else {
            url.host = "\(location.bucket).\(url.host)"
            url.path = "/\(path)"
        }
        return url
    }
}
