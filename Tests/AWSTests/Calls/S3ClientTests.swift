@testable import AWS
import Clock
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

private let location = S3Location("s3://results/exports/a b+c.csv")!

private func endpoint(_ region: String = "eu-central-1", variant: EndpointVariant = EndpointVariant()) -> Endpoint {
    Endpoint(.s3, region: Region(region)!, variant: variant)
}

private func custom(_ url: String) throws -> Endpoint {
    try Endpoint(custom: url, origin: "test", region: Region("eu-central-1")!, variant: EndpointVariant())
}

private func part(
    _ body: String = "0123456789", _ contentRange: String? = "bytes 0-9/100", etag: String? = "\"v1\"",
    status: Int = 206
) -> HTTPResponse {
    var response = HTTPResponse(status: status, body: Array(body.utf8))
    response.headers["Content-Range"] = contentRange
    response.headers["ETag"] = etag
    return response
}

private func refusal(_ code: String, status: Int, headers: HTTPHeaders = [:]) -> HTTPResponse {
    HTTPResponse(
        status: status, headers: headers,
        body: Array("<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>no &amp; no</Message></Error>".utf8))
}

@Suite struct `Many requests of S3 at a time` {
    @Test func `each of many requests at a time outlasts the same short outage`() async throws {
        // The first five attempts of each fail.
        let answer: ScriptedTransport.Answer = { request in
            guard request.headers["amz-sdk-request"]?.hasPrefix("attempt=6;") == true else {
                throw HTTPTransportError.couldNotConnect(host: "s3", reason: "Connection refused")
            }
            return part()
        }
        let setup = Setup(answers: [answer], attempts: 10)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 { group.addTask { try await setup.get().bytes.count } }
            for try await count in group { #expect(count == 10) }
        }
        #expect(setup.transport.requests.count == 96)
    }
}

private struct Setup {
    let transport: ScriptedTransport
    let client: S3Client
    let time = FakeTime()

    init(_ responses: [HTTPResponse], endpoint: Endpoint = endpoint(), owner: String? = nil, attempts: Int = 4) {
        self.init(
            answers: responses.map { response in { _ in response } }, endpoint: endpoint, owner: owner,
            attempts: attempts)
    }

    init(
        answers: [ScriptedTransport.Answer], endpoint: Endpoint = endpoint(), owner: String? = nil, attempts: Int = 4
    ) {
        transport = ScriptedTransport(answers)
        client = S3Client(
            endpoint: endpoint, expectedBucketOwner: owner, credentials: ScriptedProvider(.test), transport: transport,
            retry: RetryPolicy(maxAttempts: attempts), runtime: time.runtime,
            logger: InMemoryLogHandler(level: .trace).logger)
    }

    func get(_ range: Range<Int> = 0..<10, ifMatch etag: String? = nil) async throws -> S3ObjectRange {
        try await client.getObject(location, range: range, ifMatch: etag)
    }
}

@Suite struct `Reading a part of an object` {
    @Test func `a GetObject has the headers that S3 requires, and its signature covers them`() async throws {
        let setup = Setup([part()], owner: "123456789012")
        let range = try await setup.get(ifMatch: "\"v1\"")
        #expect(range.bytes == Array("0123456789".utf8))
        #expect(range.offset == 0 && range.end == 10 && range.objectSize == 100 && range.etag == "\"v1\"")
        let request = try #require(setup.transport.requests.first)
        #expect(request.method == "GET")
        #expect(
            request.url.description == "https://results.s3.eu-central-1.amazonaws.com/exports/a%20b%2Bc.csv")
        #expect(request.headers["Range"] == "bytes=0-9")
        #expect(request.headers["If-Match"] == "\"v1\"")
        #expect(request.headers["x-amz-request-payer"] == "requester")
        #expect(request.headers["x-amz-expected-bucket-owner"] == "123456789012")
        #expect(request.headers["X-Amz-Content-SHA256"]?.hasPrefix("e3b0c442") == true)
        let authorization = try #require(request.headers["Authorization"])
        #expect(authorization.contains("/eu-central-1/s3/aws4_request"))
        #expect(authorization.contains("if-match;range;x-amz-content-sha256"))
    }

    @Test func `a GetObject names no version and no owner unless they are given`() async throws {
        let setup = Setup([part()])
        _ = try await setup.get()
        let request = try #require(setup.transport.requests.first)
        #expect(request.headers["If-Match"] == nil)
        #expect(request.headers["x-amz-expected-bucket-owner"] == nil)
    }

    @Test func `the bucket stands in the host, or in the path where no host would serve`() throws {
        let dotted = S3Location("s3://a.b.c/key.csv")!
        let plain = S3Location("s3://results//x/../y.csv")!
        #expect(endpoint().url(of: plain).description == "https://results.s3.eu-central-1.amazonaws.com//x/../y.csv")
        #expect(endpoint().url(of: dotted).description == "https://s3.eu-central-1.amazonaws.com/a.b.c/key.csv")
        #expect(
            endpoint("cn-north-1").url(of: plain).host == "results.s3.cn-north-1.amazonaws.com.cn")
        #expect(
            endpoint("us-east-1", variant: EndpointVariant(usesFIPS: true, usesDualStack: true)).url(of: plain).host
                == "results.s3-fips.dualstack.us-east-1.amazonaws.com")
        let loopback = try custom("http://127.0.0.1:9000")
        #expect(loopback.url(of: plain).description == "http://127.0.0.1:9000/results//x/../y.csv")
        let based = try custom("https://store.example/base/")
        #expect(based.url(of: dotted).description == "https://store.example/base/a.b.c/key.csv")
    }

    @Test(arguments: [
        "bytes 0-9/100", "bytes 0-4/5",
    ])
    func `a GetObject takes the range that it requested, up to the object's end`(_ contentRange: String) async throws {
        let body = contentRange.hasSuffix("100") ? "0123456789" : "01234"
        #expect(try await Setup([part(body, contentRange)]).get().bytes == Array(body.utf8))
    }

    @Test func `a GetObject keeps what came where the body broke off, if it is more than half`() async throws {
        #expect(try await Setup([part("012345")]).get().end == 6)
        let setup = Setup([part("01234"), part()])
        #expect(try await setup.get().end == 10)
        #expect(setup.transport.requests.count == 2)
        #expect(setup.transport.requests.allSatisfy { $0.acceptsBrokenBody })
    }

    @Test(arguments: [
        part("0123456789", "bytes 1-10/100"), part("0123456789", "bytes 0-9/*"), part("0123456789", nil),
        part("0123456789", "bytes 0-10/100"), part("0123456789", "bytes 0-9/9"), part("0123456789", "bytes 00-+9/100"),
        part("0123456789", "bytes 0-99999999999999999999/100"), part(etag: nil), part(etag: ""),
        part(status: 200), part(""), part("01234567890"), part("01234", "bytes 0-4/100", etag: nil),
    ])
    func `an answer with another range is requested again, and in the end is an error`(
        _ response: HTTPResponse
    ) async throws {
        let setup = Setup([response])
        await #expect {
            try await setup.get()
        } throws: {
            if case AWSError.untrustedAnswer(operation: "GetObject", _) = $0 {
                ($0 as? AWSError)?.category == .untrustedAnswer
            } else {
                false
            }
        }
        #expect(setup.transport.requests.count == 4)
        #expect(try await Setup([response, part()]).get().end == 10)
    }

    @Test(arguments: [
        ("SlowDown", 503, AWSError.Category.temporary, 4), ("InternalError", 500, .temporary, 4),
        ("RequestTimeout", 400, .temporary, 4), ("AccessDenied", 403, .credentials, 1), ("NoSuchKey", 404, .refused, 1),
        ("PreconditionFailed", 412, .refused, 1), ("InvalidRange", 416, .refused, 1),
        ("InvalidAccessKeyId", 403, .credentials, 1), ("SignatureDoesNotMatch", 403, .credentials, 1),
        ("NoSuchBucket", 404, .refused, 1), ("ExpiredToken", 400, .credentials, 1),
    ])
    func `errors of S3 are read, and those that time may fix are repeated`(
        _ code: String, _ status: Int, _ category: AWSError.Category, _ attempts: Int
    ) async throws {
        let setup = Setup([refusal(code, status: status, headers: ["x-amz-request-id": "R1"])])
        await #expect {
            try await setup.get()
        } throws: {
            guard let error = $0 as? AWSError, case .service(let answer, _) = error else { return false }
            return error.category == category && answer.code == code && answer.requestID == "R1"
                && answer.message.hasPrefix("no") && answer.httpStatus == status
        }
        #expect(setup.transport.requests.count == attempts)
    }

    @Test(arguments: [
        "<html>Bad Gateway</html>", "", "<Error><Code></Code></Error>", "<Error><Code>x", "{\"Code\":\"NoSuchKey\"}",
    ])
    func `an error that is not S3's is described by its status`(_ body: String) async throws {
        await #expect {
            try await Setup([HTTPResponse(status: 403, body: Array(body.utf8))]).get()
        } throws: {
            guard case AWSError.service(let answer, _)? = $0 as? AWSError else { return false }
            return answer.code == "403" && answer.kind == .credentialsRefused
        }
    }

    @Test(arguments: [
        HTTPTransportError.couldNotResolve(host: "h"), .couldNotConnect(host: "h", reason: "r"),
        .timedOut(host: "h", phase: .connect, limit: .seconds(2)), .connectionLost(host: "h", reason: "r"),
        .refusedByProxy(host: "h", .cannotConnect, reason: "r"),
    ])
    func `one failure of the network does not mean that S3 cannot be reached`(_ error: HTTPTransportError) async throws
    {
        for patience in [S3Client.Patience.short, .full] {
            let setup = Setup(answers: [{ _ in throw error }, { _ in part() }])
            #expect(try await setup.client.getObject(location, range: 0..<10, patience: patience).end == 10)
        }
    }

    @Test func `few attempts are made to find out whether S3 can be reached`() async throws {
        let setup = Setup([refusal("SlowDown", status: 503)], attempts: 10)
        await #expect(throws: AWSError.self) {
            try await setup.client.getObject(location, range: 0..<10, patience: .short)
        }
        #expect(setup.transport.requests.count == 3)
        #expect(setup.transport.requests.allSatisfy { $0.limits.connect <= .seconds(2) })
    }
}

@Suite struct `A bucket in another region` {
    private static let elsewhere: HTTPHeaders = ["x-amz-bucket-region": "us-west-2"]

    @Test(arguments: [
        refusal("PermanentRedirect", status: 301, headers: elsewhere),
        refusal("TemporaryRedirect", status: 307, headers: elsewhere),
        refusal("AuthorizationHeaderMalformed", status: 400, headers: elsewhere),
    ])
    func `a bucket in another region is asked there, once for all requests`(_ redirect: HTTPResponse) async throws {
        let setup = Setup([redirect, part()])
        #expect(try await setup.get().end == 10)
        _ = try await setup.get()
        let requests = setup.transport.requests
        #expect(
            requests.map(\.url.host) == [
                "results.s3.eu-central-1.amazonaws.com", "results.s3.us-west-2.amazonaws.com",
                "results.s3.us-west-2.amazonaws.com",
            ])
        #expect(requests.dropFirst().allSatisfy { $0.headers["Authorization"]?.contains("/us-west-2/s3/") == true })
    }

    @Test func `a bucket at a configured endpoint keeps the address and gets a signature of its region`() async throws {
        let setup = Setup(
            [refusal("AuthorizationHeaderMalformed", status: 400, headers: Self.elsewhere), part()],
            endpoint: try custom("http://127.0.0.1:9000"))
        #expect(try await setup.get().end == 10)
        #expect(setup.transport.requests.allSatisfy { $0.url.authority == "127.0.0.1:9000" })
        #expect(setup.transport.requests.last?.headers["Authorization"]?.contains("/us-west-2/s3/") == true)
    }

    @Test(arguments: [
        "us-west-2", "eu-central-1", "evil.example/", "evil@example", "", "a\r\nb", "127.0.0.1",
    ])
    func `a redirect leads to a region only, and no more than once`(_ region: String) async throws {
        let redirect = refusal("PermanentRedirect", status: 301, headers: ["x-amz-bucket-region": region])
        let setup = Setup([redirect])
        await #expect {
            try await setup.get()
        } throws: {
            guard case AWSError.service(let answer, _)? = $0 as? AWSError else { return false }
            return answer.httpStatus == 301
        }
        #expect(setup.transport.requests.count == (region == "us-west-2" ? 2 : 1))
        #expect(setup.transport.requests.allSatisfy { $0.url.host.hasSuffix(".amazonaws.com") })
    }
}

@Suite struct `S3 locations` {
    @Test(arguments: [
        ("s3://abc/k", "abc", "k"), ("s3://my-bucket.example/a/b/c.csv", "my-bucket.example", "a/b/c.csv"),
        ("s3://abc//x", "abc", "/x"), ("s3://abc/ü?#@:%2e", "abc", "ü?#@:%2e"),
        ("s3://abc/\u{301}x", "abc", "\u{301}x"),
    ])
    func `an S3 location is a bucket and a key`(_ text: String, _ bucket: String, _ key: String) throws {
        let location = try #require(S3Location(text))
        #expect(location.bucket == bucket && location.key == key)
        let url = endpoint().url(of: location)
        #expect(try HTTPURL(parsing: url.description) == url)
    }

    @Test func `S3 locations whose keys only look alike are not equal`() {
        #expect(S3Location("s3://abc/\u{e9}") != S3Location("s3://abc/e\u{301}"))
        #expect(S3Location("s3://abc/K") != S3Location("s3://abc/\u{212a}"))
    }

    @Test(arguments: [
        "my_Legacy_Bucket", "ABC", "a_b", "a.B", String(repeating: "b", count: 64), String(repeating: "c", count: 255),
    ])
    func `an S3 location may have a bucket from before 2018, which no host is named after`(_ bucket: String) throws {
        let location = try #require(S3Location("s3://\(bucket)/a/b.csv"))
        #expect(
            endpoint("us-east-1").url(of: location).description
                == "https://s3.us-east-1.amazonaws.com/\(bucket)/a/b.csv")
        var request = HTTPRequest(method: "GET", url: endpoint("us-east-1").url(of: location))
        SigV4(service: "s3", region: Region("us-east-1")!).sign(&request, with: .test, at: Timestamp(seconds: 0))
        let canonical = CanonicalRequest(request, pathRule: .verbatim).text
        #expect(canonical.hasPrefix("GET\n/\(bucket)/a/b.csv\n\nhost:s3.us-east-1.amazonaws.com\n"))
    }

    @Test(arguments: [
        "", "s3://", "s3://abc", "s3://abc/", "S3://abc/k", "https://abc/k", "s3:///k", "s3://ab/k", "s3://_abc/k",
        "s3://a$bc/k", "s3://user@evil.example/k", "s3://evil.example:80/k", "s3://a#b/k", "s3://a?b/k", "s3://a b/k",
        "s3://abc\r\nHost: x/k", "s3://abc/k\r\nx", "s3://abc/k\u{0}", "s3://-abc/k", "s3://abc-/k", "s3://a..b/k",
        "s3://.abc/k", "s3://127.0.0.1/k", "s3://[::1]/k", "s3://abc%2e/k",
        "s3://\(String(repeating: "a", count: 256))/k", "s3://abc/\(String(repeating: "k", count: 1025))",
    ])
    func `no other text is an S3 location`(_ text: String) {
        #expect(S3Location(text) == nil)
    }
}

@Suite struct `A prefix in a bucket` {
    @Test(arguments: [
        ("s3://abc", "abc", "", "s3://abc/"), ("s3://abc/", "abc", "", "s3://abc/"),
        ("s3://abc/x", "abc", "x/", "s3://abc/x/"), ("s3://abc/x/y=1/", "abc", "x/y=1/", "s3://abc/x/y=1/"),
        ("s3://abc/\u{301}x", "abc", "\u{301}x/", "s3://abc/\u{301}x/"),
    ])
    func `a prefix ends in a slash, whether it was written so or not`(
        _ text: String, _ bucket: String, _ path: String, _ url: String
    ) throws {
        let prefix = try #require(S3Prefix(text))
        #expect(prefix.bucket == bucket && prefix.path == path && prefix.url == url && "\(prefix)" == url)
        #expect(prefix.location(of: "data/k")?.key == path + "data/k")
    }

    @Test(arguments: [
        "", "s3://", "abc/x", "gs://abc/x", "s3://ab/x", "s3://abc//x", "s3://abc/x//", "s3://abc/./x", "s3://abc/../x",
        "s3://abc/x//\u{301}", "s3://abc/a b", "s3://abc/a*", "s3://abc/a?b", "s3://abc/a\u{7}", "s3://a_b@c/x",
        "s3://abc/" + String(repeating: "x", count: 701),
    ])
    func `a prefix is nothing that a reader of the bucket would take for something else`(_ text: String) {
        #expect(S3Prefix(text) == nil)
    }
}
