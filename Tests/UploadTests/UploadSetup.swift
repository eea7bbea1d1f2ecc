import AWS
import BatchExport
import Clock
import HTTPTransport
import Logging
import Loopback
import TestSupport
import Threading
import Upload

/// An upload in this process, to an S3 of the tests, without a socket.
struct UploadSetup {
    let s3: StrictS3
    var target = S3Prefix("s3://exports/lake/customers/")
    var owner: String?
    var attempts = 3
    /// Fails requests on their way there or back.
    var fault: FaultyTransport.Fault?

    init(_ s3: StrictS3 = StrictS3()) {
        self.s3 = s3
    }

    @discardableResult
    func run(
        _ table: TableOnDisk, _ change: (inout UploadOptions) -> Void = { _ in },
        report: @escaping @Sendable (UploadProgress) -> Void = { _ in }
    ) async throws -> UploadOutcome {
        guard let published = try table.published(), let target else { throw SetupError.noTable }
        var options = UploadOptions(target: target)
        options.filesAtATime = 2
        change(&options)
        let upload = Upload(published, options, to: try client(), logger: Logger(label: "test"), report: report)
        do {
            try await upload.run()
        } catch {
            outcomes.withLock { $0 = upload.outcome }
            throw error
        }
        return upload.outcome
    }

    enum SetupError: Error {
        case noTable
    }

    /// How far the last upload that failed has come.
    let outcomes = Locked<UploadOutcome?>(nil)

    func client() throws -> S3Client {
        guard let region = Region("eu-central-1") else { throw SetupError.noTable }
        return S3Client(
            endpoint: try Endpoint(
                custom: "http://127.0.0.1:9000", origin: "test", region: region, variant: EndpointVariant()),
            expectedBucketOwner: owner, credentials: FixedCredentials(),
            transport: FaultyTransport(s3, fault: fault), retry: RetryPolicy(maxAttempts: attempts),
            runtime: Runtime(now: Runtime.system.now, sleep: { _ in }, random: { 0.5 }),
            logger: Logger(label: "test"))
    }

    /// The bucket's objects below the prefix, by path.
    var uploaded: [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (key, object) in s3.objects where key.hasPrefix(target?.path ?? "") {
            files[String(key.dropFirst(target?.path.count ?? 0))] = object.bytes
        }
        return files
    }

}

private struct FixedCredentials: CredentialProvider {
    let name = "fixed"

    func lookUp() async throws -> CredentialLookup {
        .found(Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret"))
    }
}

/// Hands requests to an S3 of the tests, and loses some of them or their answers as a network would.
struct FaultyTransport: HTTPTransport {
    enum Loss: Sendable {
        /// The connection is reset after half of the body.
        case inBody
        /// The request arrives, and its answer does not.
        case ofAnswer
        case stalled
    }

    /// - Parameter number: of the requests with that method, from 1.
    typealias Fault = @Sendable (_ method: String, _ number: Int) -> Loss?

    private let s3: StrictS3
    private let fault: Fault?
    private let counts = Locked<[String: Int]>([:])

    init(_ s3: StrictS3, fault: Fault?) {
        self.s3 = s3
        self.fault = fault
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let number = counts.withLock { counts in
            counts[request.method, default: 0] += 1
            return counts[request.method, default: 0]
        }
        let loss = fault?(request.method, number)
        if case .stalled = loss { throw HTTPTransportError.timedOut(host: "s3", phase: .stall, limit: .seconds(60)) }
        let body = try Self.body(of: request, half: loss == .inBody)
        if loss == .inBody { throw HTTPTransportError.connectionLost(host: "s3", reason: "Connection reset by peer") }
        let answer = try await s3.answer(
            LoopbackServer.Request(
                method: request.method, path: request.url.path, query: request.url.query ?? "",
                headers: request.headers.map { ($0.name, $0.value) }, body: body, port: 9000))
        if loss == .ofAnswer { throw HTTPTransportError.connectionLost(host: "s3", reason: "Empty reply from server") }
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers.append(name, value) }
        return HTTPResponse(status: answer.status, headers: headers, body: answer.body)
    }

    /// Reads as libcurl does: part by part, from the beginning.
    private static func body(of request: HTTPRequest, half: Bool) throws -> [UInt8] {
        guard let source = request.bodySource else { return request.body }
        var bytes: [UInt8] = []
        let end = half ? source.length / 2 : source.length
        while bytes.count < end {
            let part = try source.bytes(at: bytes.count, upTo: min(7, end - bytes.count))
            guard !part.isEmpty else {
                throw HTTPTransportError.unreadableBody(host: "s3", reason: "it ends after \(bytes.count) bytes")
            }
            bytes += part
        }
        return bytes
    }
}
