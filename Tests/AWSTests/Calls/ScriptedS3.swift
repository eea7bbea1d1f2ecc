@testable import AWS
import Digest
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

/// A client of S3 whose answers are a list.
struct ScriptedS3 {
    let transport: ScriptedTransport
    let client: S3Client
    let location = S3Location("s3://results/exports/a=1/b.csv.gz")!

    init(_ responses: HTTPResponse..., owner: String? = nil, attempts: Int = 4) {
        self.init(
            answers: responses.map { response -> ScriptedTransport.Answer in { _ in response } }, owner: owner,
            attempts: attempts)
    }

    init(answers: [ScriptedTransport.Answer], owner: String? = nil, attempts: Int = 4) {
        transport = ScriptedTransport(answers)
        client = S3Client(
            endpoint: Endpoint(.s3, region: Region("eu-central-1")!), expectedBucketOwner: owner,
            credentials: ScriptedProvider(.test), transport: transport, retry: RetryPolicy(maxAttempts: attempts),
            runtime: FakeTime().runtime, logger: InMemoryLogHandler(level: .trace).logger)
    }

    func put(_ condition: S3NewObject.Condition = .absent, kmsKey: String? = nil) async throws {
        let bytes = Array("content".utf8)
        try await client.putObject(
            location,
            S3NewObject(
                body: HTTPBodySource(bytes), sha256: SHA256.hash(bytes).hexadecimal, contentType: "application/gzip",
                condition: condition, kmsKey: kmsKey))
    }

    /// The objects below `s3://results/p/`.
    func list() async throws -> [S3ListPage.Object] {
        var objects: [S3ListPage.Object] = []
        try await client.forEachObject(below: S3Prefix("s3://results/p/")!) { objects.append($0) }
        return objects
    }

    var request: HTTPRequest { transport.requests[transport.requests.count - 1] }

    static let done = HTTPResponse(status: 200, headers: ["ETag": "\"v1\""])
    static let digest = SHA256.hash(Array("content".utf8)).hexadecimal
    /// `printf content | openssl dgst -sha256 -binary | base64`
    static let checksum = "7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M="

    static func refusal(_ code: String, status: Int, headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: headers,
            body: Array("<Error><Code>\(code)</Code><Message>no</Message></Error>".utf8))
    }
}
