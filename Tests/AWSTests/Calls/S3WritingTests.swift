@testable import AWS
import Digest
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

private struct Setup {
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
}

private let done = HTTPResponse(status: 200, headers: ["ETag": "\"v1\""])
private let digest = SHA256.hash(Array("content".utf8)).hexadecimal
/// `printf content | openssl dgst -sha256 -binary | base64`
private let checksum = "7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M="

private func refusal(_ code: String, status: Int, headers: HTTPHeaders = [:]) -> HTTPResponse {
    HTTPResponse(
        status: status, headers: headers, body: Array("<Error><Code>\(code)</Code><Message>no</Message></Error>".utf8))
}

@Suite struct `Writing an object` {
    @Test func `a write signs the content's digest, sends it as checksum, and does so only if nothing is there`()
        async throws
    {
        let setup = Setup(done, owner: "123456789012")
        try await setup.put()
        let request = setup.request
        #expect(request.method == "PUT")
        #expect(
            request.url.description == "https://results.s3.eu-central-1.amazonaws.com/exports/a%3D1/b.csv.gz")
        #expect(request.headers["X-Amz-Content-SHA256"] == digest)
        #expect(request.headers["x-amz-checksum-sha256"] == checksum)
        #expect(request.headers["If-None-Match"] == "*" && request.headers["If-Match"] == nil)
        #expect(request.headers["Content-Type"] == "application/gzip")
        #expect(request.headers["x-amz-expected-bucket-owner"] == "123456789012")
        #expect(request.headers["x-amz-server-side-encryption"] == nil)
        #expect(request.body.isEmpty && request.bodySource?.length == 7)
        let authorization = try #require(request.headers["Authorization"])
        #expect(authorization.contains("if-none-match") && authorization.contains("x-amz-checksum-sha256"))
        #expect(CanonicalRequest(request, pathRule: .verbatim).text.hasSuffix("\n" + digest))
    }

    @Test func `a write replaces one version alone, and encrypts with the key that is named`() async throws {
        let setup = Setup(done)
        try await setup.put(.version("\"v7\""), kmsKey: "alias/exports")
        #expect(setup.request.headers["If-Match"] == "\"v7\"" && setup.request.headers["If-None-Match"] == nil)
        #expect(setup.request.headers["x-amz-server-side-encryption"] == "aws:kms")
        #expect(setup.request.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/exports")
    }

    @Test func `a write lets a large object take its time`() async throws {
        let setup = Setup(done)
        try await setup.client.putObject(
            setup.location,
            S3NewObject(
                body: HTTPBodySource(length: 1 << 30) { _, _ in [] }, sha256: digest, contentType: "a/b",
                condition: .absent))
        #expect(setup.request.limits.total > .seconds(30_000))
        #expect(setup.request.limits.stall == HTTPLimits.standard.stall)
    }

    @Test(arguments: [
        ("SlowDown", 503, 4), ("InternalError", 500, 4), ("ConditionalRequestConflict", 409, 4),
        ("OperationAborted", 409, 4), ("PreconditionFailed", 412, 1), ("BadDigest", 400, 1), ("AccessDenied", 403, 1),
        ("NoSuchBucket", 404, 1), ("EntityTooLarge", 400, 1),
    ])
    func `a write repeats what may succeed later and nothing else`(_ code: String, _ status: Int, _ attempts: Int)
        async throws
    {
        let setup = Setup(refusal(code, status: status))
        await #expect {
            try await setup.put()
        } throws: {
            ($0 as? AWSError)?.httpStatus == status
        }
        #expect(setup.transport.requests.count == attempts)
        #expect(setup.transport.requests.allSatisfy { $0.bodySource != nil })
    }

    @Test func `a write follows the bucket to its region`() async throws {
        let setup = Setup(
            refusal("TemporaryRedirect", status: 307, headers: ["x-amz-bucket-region": "us-west-2"]), done)
        try await setup.put()
        #expect(setup.request.url.host == "results.s3.us-west-2.amazonaws.com")
    }

    @Test func `a write takes no word of S3 that it has stored something else`() async throws {
        let setup = Setup(
            HTTPResponse(
                status: 200,
                headers: [
                    "ETag": "\"v1\"", "x-amz-checksum-sha256": "AAACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=",
                ]))
        await #expect(throws: AWSError.self) { try await setup.put() }
        var echo = done
        echo.headers["x-amz-checksum-sha256"] = checksum
        try await Setup(echo).put()
    }

    @Test(arguments: [
        HTTPResponse(status: 200, body: Array("<html>log in</html>".utf8)),
        HTTPResponse(status: 200, headers: ["ETag": "\"v1\""], body: Array("<html>log in</html>".utf8)),
        HTTPResponse(status: 200, headers: ["ETag": "\"v1\""], body: Array("<Error/>".utf8)),
        HTTPResponse(status: 204, headers: ["ETag": "\"v1\""]), HTTPResponse(status: 202, headers: ["ETag": "\"v1\""]),
        HTTPResponse(status: 206, headers: ["ETag": "\"v1\""]),
    ])
    func `a write that is not confirmed as S3 does it is repeated, and in the end is an error`(
        _ response: HTTPResponse
    ) async throws {
        let setup = Setup(response)
        await #expect {
            try await setup.put()
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
        #expect(setup.transport.requests.count == 4)
        try await Setup(response, done).put()
    }

    @Test(arguments: ["", "abc", String(repeating: "g", count: 64)])
    func `a write sends nothing with a digest that is none`(_ sha256: String) async throws {
        let setup = Setup(done)
        await #expect(throws: AWSError.self) {
            try await setup.client.putObject(
                setup.location,
                S3NewObject(body: HTTPBodySource([]), sha256: sha256, contentType: "a/b", condition: .absent))
        }
        #expect(setup.transport.requests.isEmpty)
    }
}

@Suite struct `Asking for an object without its bytes` {
    @Test func `a HEAD request gives its version and the SHA-256 that S3 keeps`() async throws {
        let setup = Setup(
            HTTPResponse(status: 200, headers: ["ETag": "\"v1\"", "x-amz-checksum-sha256": checksum]))
        let info = try await setup.client.headObject(setup.location)
        #expect(info?.etag == "\"v1\"" && info?.sha256 == digest)
        #expect(setup.request.method == "HEAD" && setup.request.headers["x-amz-checksum-mode"] == "ENABLED")
    }

    @Test(arguments: [nil, "abc", checksum + "-3"])
    func `a HEAD request gives no SHA-256 of an object that was written without it or in parts`(_ value: String?)
        async throws
    {
        var response = HTTPResponse(status: 200, headers: ["ETag": "\"v1\""])
        response.headers["x-amz-checksum-sha256"] = value
        #expect(try await Setup(response).client.headObject(S3Location("s3://abc/k")!)?.sha256 == nil)
    }

    @Test func `a HEAD request says that there is none, or that it may not say so`() async throws {
        #expect(try await Setup(HTTPResponse(status: 404)).client.headObject(S3Location("s3://abc/k")!) == nil)
        await #expect {
            try await Setup(HTTPResponse(status: 403)).client.headObject(S3Location("s3://abc/k")!)
        } throws: {
            ($0 as? AWSError)?.category == .credentials
        }
        for response in [HTTPResponse(status: 200), HTTPResponse(status: 206, headers: ["ETag": "\"v1\""])] {
            await #expect(throws: AWSError.self) {
                try await Setup(response).client.headObject(S3Location("s3://abc/k")!)
            }
        }
    }

    @Test(arguments: [("ExpiredToken", 400, true), ("RequestTimeTooSkewed", 403, true), ("AccessDenied", 403, false)])
    func `a HEAD request that is refused without a reason asks for the reason, and is sent again if that helps`(
        _ code: String, _ status: Int, _ isCured: Bool
    ) async throws {
        let old = Credentials(accessKeyID: "OLD", secretAccessKey: "s", sessionToken: "t")
        let new = Credentials(accessKeyID: "NEW", secretAccessKey: "s", sessionToken: "t")
        let date: HTTPHeaders = ["Date": "Tue, 01 Dec 2026 00:00:00 GMT"]
        let part = HTTPResponse(
            status: 206, headers: ["ETag": "\"v1\"", "Content-Range": "bytes 0-0/7"], body: Array("c".utf8))
        let answers = [
            HTTPResponse(status: status, headers: date), refusal(code, status: status, headers: date), part, done,
        ]
        let transport = ScriptedTransport(answers.prefix(isCured ? 4 : 2).map { answer in { _ in answer } })
        let time = FakeTime()
        let log = InMemoryLogHandler(level: .trace)
        let client = S3Client(
            endpoint: Endpoint(.s3, region: Region("eu-central-1")!),
            credentials: CachedCredentials(ScriptedProvider(old, new), runtime: time.runtime, logger: log.logger),
            transport: transport, runtime: time.runtime, logger: log.logger)
        let location = S3Location("s3://results/k")!
        if isCured {
            #expect(try await client.headObject(location)?.etag == "\"v1\"")
        } else {
            await #expect {
                try await client.headObject(location)
            } throws: {
                "\($0)".contains(code) && ($0 as? AWSError)?.category == .credentials
            }
        }
        let methods = transport.requests.map(\.method)
        #expect(methods == (isCured ? ["HEAD", "GET", "GET", "HEAD"] : ["HEAD", "GET"]) && time.sleeps.isEmpty)
        let last = try #require(transport.requests.last?.headers["Authorization"])
        #expect(last.contains(code == "ExpiredToken" ? "NEW" : "OLD"))
    }

    @Test func `a HEAD request finds an object without bytes, or none, after a refusal without a reason`() async throws
    {
        let refused = HTTPResponse(status: 400)
        let empty = Setup(refused, refusal("InvalidRange", status: 416), done)
        #expect(try await empty.client.headObject(empty.location)?.etag == "\"v1\"")
        let none = Setup(refused, refusal("NoSuchKey", status: 404), HTTPResponse(status: 404))
        #expect(try await none.client.headObject(none.location) == nil)
        let lasting = Setup(HTTPResponse(status: 400), refusal("InvalidRequest", status: 400))
        await #expect {
            try await lasting.client.headObject(lasting.location)
        } throws: {
            "\($0)".contains("InvalidRequest")
        }
        #expect(lasting.transport.requests.count == 2)
    }

    @Test func `a HEAD request follows the bucket to its region, though the answer has no code`() async throws {
        let setup = Setup(
            HTTPResponse(status: 400, headers: ["x-amz-bucket-region": "us-west-2"]),
            HTTPResponse(status: 200, headers: ["ETag": "\"v1\""]))
        #expect(try await setup.client.headObject(setup.location)?.etag == "\"v1\"")
        #expect(setup.transport.requests.count == 2)
        #expect(setup.request.url.host == "results.s3.us-west-2.amazonaws.com")
    }
}

@Suite struct `Listing and removing objects` {
    private static func page(_ body: String) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            body: Array(
                ("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                    + body + "</ListBucketResult>").utf8))
    }

    private static func object(_ key: String, size: String = "5") -> String {
        "<Contents><Key>\(key)</Key><Size>\(size)</Size><ETag>&quot;e&quot;</ETag></Contents>"
    }

    private static let last = "<IsTruncated>false</IsTruncated>"

    @Test func `a list says where the next page begins, and its keys are decoded`() async throws {
        let setup = Setup(
            Self.page(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>a+/=</NextContinuationToken>"
                    + Self.object("p/a%3D1+%C3%BC%2B")), Self.page(Self.last + Self.object("p/b")))
        let objects = try await setup.list()
        #expect(objects.map(\.key) == ["p/a=1 ü+", "p/b"])
        #expect(objects.first?.size == 5 && objects.first?.etag == "\"e\"")
        let address = "https://results.s3.eu-central-1.amazonaws.com/?list-type=2&encoding-type=url&prefix=p%2F"
        #expect(
            setup.transport.requests.map(\.url.description) == [address, "\(address)&continuation-token=a%2B%2F%3D"])
    }

    @Test(arguments: [1, 2, 5])
    func `a list that leads back to a page before ends with an error`(_ length: Int) async throws {
        let setup = Setup(answers: [
            { request in
                let token = request.url.query?.split(separator: "=").last.flatMap { Int($0) } ?? 0
                return Self.page(
                    "<IsTruncated>true</IsTruncated><NextContinuationToken>\((token + 1) % length)</NextContinuationToken>"
                )
            }
        ])
        await #expect {
            try await setup.list()
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
        #expect(setup.transport.requests.count == length + 1)
    }

    @Test func `a list has every key that begins with the bytes of the prefix`() async throws {
        let setup = Setup(Self.page(Self.last + Self.object("p/%CC%81x")))
        #expect(try await setup.list().map(\.key) == ["p/\u{301}x"])
    }

    @Test func `a list of a bucket that no host is named after has the bucket in the path`() async throws {
        let setup = Setup(Self.page(Self.last))
        try await setup.client.forEachObject(below: S3Prefix("s3://a.b.c")!) { _ in }
        #expect(setup.request.url.description.hasPrefix("https://s3.eu-central-1.amazonaws.com/a.b.c?list-type=2"))
    }

    @Test(arguments: [
        "", "<IsTruncated>true</IsTruncated>", "<IsTruncated>maybe</IsTruncated>", last + object("other/k"),
        last + object("p/%GG"), last + object("p/%FF"), last + object("p/k", size: "-1"), last + "<Contents/>",
    ])
    func `a list that contradicts itself or the question is refused`(_ body: String) async throws {
        let setup = Setup(Self.page(body))
        await #expect {
            try await setup.list()
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
    }

    @Test func `a list may be longer than other answers`() async throws {
        let objects = (0..<1000).map { Self.object("p/\($0)/" + String(repeating: "k", count: 1500)) }
        let setup = Setup(Self.page(Self.last + objects.joined()))
        #expect(try await setup.list().count == 1000)
        await #expect(throws: AWSError.self) { try await Setup(HTTPResponse(status: 200, body: [1])).list() }
    }

    @Test func `an object is removed`() async throws {
        let setup = Setup(HTTPResponse(status: 204))
        try await setup.client.deleteObject(setup.location)
        #expect(setup.request.method == "DELETE" && setup.request.url.path == "/exports/a%3D1/b.csv.gz")
        try await Setup(HTTPResponse(status: 200)).client.deleteObject(setup.location)
    }

    @Test(arguments: [
        HTTPResponse(status: 200, body: Array("<html>log in</html>".utf8)), HTTPResponse(status: 202),
        HTTPResponse(status: 206),
    ])
    func `a removal that is not confirmed as S3 does it is repeated, and in the end is an error`(
        _ response: HTTPResponse
    ) async throws {
        let setup = Setup(response)
        await #expect {
            try await setup.client.deleteObject(setup.location)
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
        #expect(setup.transport.requests.count == 4)
        let repeated = Setup(response, HTTPResponse(status: 204))
        try await repeated.client.deleteObject(repeated.location)
    }

    @Test(arguments: [
        ("InternalError", AWSError.Category.temporary, 4), ("SlowDown", .temporary, 4),
        ("AccessDenied", .credentials, 1),
        ("NoSuchBucket", .refused, 1),
    ])
    func `an error in an answer with the status of success is that error, for each call that changes or lists`(
        _ code: String, _ category: AWSError.Category, _ attempts: Int
    ) async throws {
        let setups = (0..<3).map { _ in Setup(refusal(code, status: 200, headers: ["ETag": "\"v1\""])) }
        let calls: [() async throws -> Void] = [
            { try await setups[0].put() }, { try await setups[1].client.deleteObject(setups[1].location) },
            { _ = try await setups[2].list() },
        ]
        for (setup, call) in zip(setups, calls) {
            await #expect {
                try await call()
            } throws: {
                guard let error = $0 as? AWSError, case .service(let answer, _) = error else { return false }
                return answer.code == code && answer.httpStatus == 200 && error.category == category
            }
            #expect(setup.transport.requests.count == attempts)
        }
    }
}
