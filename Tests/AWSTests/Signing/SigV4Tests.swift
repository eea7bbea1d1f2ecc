import AWS
import Clock
import HTTPTransport
import Testing

@Suite struct `Signing requests` {
    @Test(.enabled(if: BotocoreSigner.python != nil, "needs a Python with botocore: ATHENA_EXPORT_TEST_PYTHON"))
    func `signatures are botocore's to the letter`() throws {
        let cases = SignatureCase.all
        try #require(cases.count >= 40)
        let expected = try BotocoreSigner.authorizations(of: cases)
        try #require(expected.count == cases.count)
        for (signatureCase, expected) in zip(cases, expected) {
            #expect(signatureCase.authorization() == expected, "\(signatureCase.name)")
        }
    }

    private func signed(_ request: HTTPRequest, at seconds: Double = 0, as credentials: Credentials = .test)
        -> HTTPRequest
    {
        var request = request
        SigV4(service: "athena", region: Region("us-east-1")!).sign(
            &request, with: credentials, at: Timestamp(seconds: seconds))
        return request
    }

    private let request = HTTPRequest(
        method: "POST", url: HTTPURL(scheme: .https, host: "athena.us-east-1.amazonaws.com"),
        headers: ["Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonAthena.GetQueryResults"])

    @Test func `a signer that has signed before signs as a new one does`() {
        let signer = SigV4(service: "athena", region: Region("us-east-1")!)
        let other = Credentials(accessKeyID: "AKIDOTHER", secretAccessKey: "other")
        let renewed = Credentials(accessKeyID: Credentials.test.accessKeyID, secretAccessKey: "renewed")
        for (seconds, credentials) in [
            (0.0, Credentials.test), (10, .test), (10, other), (86_400, other), (86_400, renewed), (0, .test),
        ] {
            var request = request
            signer.sign(&request, with: credentials, at: Timestamp(seconds: seconds))
            let expected = signed(self.request, at: seconds, as: credentials)
            #expect(request.headers["Authorization"] == expected.headers["Authorization"])
        }
    }

    @Test func `host, date, target, content type and session token are signed`() {
        #expect(
            signed(request).headers["Authorization"]?.contains(
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,") == true)
    }

    @Test(arguments: ["baggage", "traceparent", "proxy-connection", "Proxy-Anything", "trailer"])
    func `headers that hops change are not signed`(_ name: String) {
        var changed = request
        changed.headers[name] = "x"
        #expect(signed(changed).headers["Authorization"] == signed(request).headers["Authorization"])
    }

    @Test func `signing again replaces the signature, the date and the token`() {
        let first = signed(request)
        let other = Credentials(accessKeyID: "OTHER", secretAccessKey: "other")
        #expect(signed(first, at: 86_400, as: other).headers == signed(request, at: 86_400, as: other).headers)
        #expect(signed(first, as: other).headers["X-Amz-Security-Token"] == nil)
    }

    @Test func `the region and the service are part of the signature's scope`() {
        #expect(
            signed(request).headers["Authorization"]?.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/19700101/us-east-1/athena/aws4_request, ") == true)
    }

    @Test func `percent-encoding keeps unreserved characters only`() {
        #expect(URIEncoding.encode("aZ09-._~ /+é%") == "aZ09-._~%20%2F%2B%C3%A9%25")
        #expect(URIEncoding.encodePath("a b/č") == "a%20b/%C4%8D")
    }
}
