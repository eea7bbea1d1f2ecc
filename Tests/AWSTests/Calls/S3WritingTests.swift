@testable import AWS
import Digest
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

private let done = ScriptedS3.done
private let digest = ScriptedS3.digest
private let checksum = ScriptedS3.checksum

@Suite struct `Writing an object` {
    @Test func `a write signs the content's digest, sends it as checksum, and does so only if nothing is there`()
        async throws
    {
        let setup = ScriptedS3(done, owner: "123456789012")
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
        let setup = ScriptedS3(done)
        try await setup.put(.version("\"v7\""), kmsKey: "alias/exports")
        #expect(setup.request.headers["If-Match"] == "\"v7\"" && setup.request.headers["If-None-Match"] == nil)
        #expect(setup.request.headers["x-amz-server-side-encryption"] == "aws:kms")
        #expect(setup.request.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/exports")
    }

    @Test func `a write lets a large object take its time`() async throws {
        let setup = ScriptedS3(done)
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
        let setup = ScriptedS3(ScriptedS3.refusal(code, status: status))
        await #expect {
            try await setup.put()
        } throws: {
            ($0 as? AWSError)?.httpStatus == status
        }
        #expect(setup.transport.requests.count == attempts)
        #expect(setup.transport.requests.allSatisfy { $0.bodySource != nil })
    }

    @Test func `a write follows the bucket to its region`() async throws {
        let setup = ScriptedS3(
            ScriptedS3.refusal("TemporaryRedirect", status: 307, headers: ["x-amz-bucket-region": "us-west-2"]), done)
        try await setup.put()
        #expect(setup.request.url.host == "results.s3.us-west-2.amazonaws.com")
    }

    @Test func `a write takes no word of S3 that it has stored something else`() async throws {
        let setup = ScriptedS3(
            HTTPResponse(
                status: 200,
                headers: [
                    "ETag": "\"v1\"", "x-amz-checksum-sha256": "AAACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=",
                ]))
        await #expect(throws: AWSError.self) { try await setup.put() }
        var echo = done
        echo.headers["x-amz-checksum-sha256"] = checksum
        try await ScriptedS3(echo).put()
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
        let setup = ScriptedS3(response)
        await #expect {
            try await setup.put()
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
        #expect(setup.transport.requests.count == 4)
        try await ScriptedS3(response, done).put()
    }

    @Test(arguments: ["", "abc", String(repeating: "g", count: 64)])
    func `a write sends nothing with a digest that is none`(_ sha256: String) async throws {
        let setup = ScriptedS3(done)
        await #expect(throws: AWSError.self) {
            try await setup.client.putObject(
                setup.location,
                S3NewObject(body: HTTPBodySource([]), sha256: sha256, contentType: "a/b", condition: .absent))
        }
        #expect(setup.transport.requests.isEmpty)
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
        let setup = ScriptedS3(
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
        let setup = ScriptedS3(answers: [
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
        let setup = ScriptedS3(Self.page(Self.last + Self.object("p/%CC%81x")))
        #expect(try await setup.list().map(\.key) == ["p/\u{301}x"])
    }

    @Test func `a list of a bucket that no host is named after has the bucket in the path`() async throws {
        let setup = ScriptedS3(Self.page(Self.last))
        try await setup.client.forEachObject(below: S3Prefix("s3://a.b.c")!) { _ in }
        #expect(setup.request.url.description.hasPrefix("https://s3.eu-central-1.amazonaws.com/a.b.c?list-type=2"))
    }

    @Test(arguments: [
        "", "<IsTruncated>true</IsTruncated>", "<IsTruncated>maybe</IsTruncated>", last + object("other/k"),
        last + object("p/%GG"), last + object("p/%FF"), last + object("p/k", size: "-1"), last + "<Contents/>",
    ])
    func `a list that contradicts itself or the question is refused`(_ body: String) async throws {
        let setup = ScriptedS3(Self.page(body))
        await #expect {
            try await setup.list()
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
    }

    @Test func `a list may be longer than other answers`() async throws {
        let objects = (0..<1000).map { Self.object("p/\($0)/" + String(repeating: "k", count: 1500)) }
        let setup = ScriptedS3(Self.page(Self.last + objects.joined()))
        #expect(try await setup.list().count == 1000)
        await #expect(throws: AWSError.self) { try await ScriptedS3(HTTPResponse(status: 200, body: [1])).list() }
    }

    @Test func `an object is removed`() async throws {
        let setup = ScriptedS3(HTTPResponse(status: 204))
        try await setup.client.deleteObject(setup.location)
        #expect(setup.request.method == "DELETE" && setup.request.url.path == "/exports/a%3D1/b.csv.gz")
        try await ScriptedS3(HTTPResponse(status: 200)).client.deleteObject(setup.location)
    }

    @Test(arguments: [
        HTTPResponse(status: 200, body: Array("<html>log in</html>".utf8)), HTTPResponse(status: 202),
        HTTPResponse(status: 206),
    ])
    func `a removal that is not confirmed as S3 does it is repeated, and in the end is an error`(
        _ response: HTTPResponse
    ) async throws {
        let setup = ScriptedS3(response)
        await #expect {
            try await setup.client.deleteObject(setup.location)
        } throws: {
            ($0 as? AWSError)?.category == .untrustedAnswer
        }
        #expect(setup.transport.requests.count == 4)
        let repeated = ScriptedS3(response, HTTPResponse(status: 204))
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
        let setups = (0..<3).map { _ in ScriptedS3(ScriptedS3.refusal(code, status: 200, headers: ["ETag": "\"v1\""])) }
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
