import Clock
import HTTPTransport
import JSON
import Testing
import Text

@testable import AWS

@Suite struct `Errors of services` {
    private func read(_ response: HTTPResponse) -> AWSServiceError {
        AWSServiceError(json: response, operation: "GetQueryResults", redactor: Redactor(.test))
    }

    @Test(arguments: [
        "FooError", "FooError:http://a/b", "aws.ns#FooError", "aws.ns#FooError:http://a#b/", " FooError ",
    ])
    func `an error has one code in all spellings and places`(_ type: String) {
        #expect(read(.error(type)).code == "FooError")
        #expect(read(HTTPResponse(status: 400, headers: ["X-Amzn-ErrorType": type])).code == "FooError")
        let body: JSONValue = ["code": .string(type), "message": "m"]
        #expect(read(HTTPResponse(status: 400, body: body.serialized(pretty: false))).code == "FooError")
    }

    @Test func `an error takes its code from the header before the body, and from __type before code`() {
        #expect(read(.error("Body", headers: ["x-amzn-errortype": "Header"])).code == "Header")
        #expect(read(.error("Type", more: ["code": "Code"])).code == "Type")
    }

    @Test func `an error carries message, Athena's code, reason, status and request id`() {
        let error = read(
            .error(
                "InvalidRequestException", message: "QueryExecution x was not found",
                headers: ["x-amzn-RequestId": "r-1"],
                more: ["AthenaErrorCode": "QUERY_EXECUTION_NOT_FOUND", "Reason": "R"]))
        #expect(error.athenaErrorCode == "QUERY_EXECUTION_NOT_FOUND" && error.reason == "R" && error.requestID == "r-1")
        #expect(
            "\(error)"
                == "GetQueryResults: InvalidRequestException/QUERY_EXECUTION_NOT_FOUND: QueryExecution x was not found "
                + "(HTTP 400, request r-1)")
        #expect(read(HTTPResponse(status: 400, body: Array(#"{"ErrorCode":"E"}"#.utf8))).athenaErrorCode == "E")
    }

    @Test(arguments: [
        ("ThrottlingException", 400, AWSServiceError.Kind.throttling), ("TooManyRequestsException", 400, .throttling),
        ("SlowDown", 503, .throttling), ("Whatever", 429, .throttling), ("InternalServerException", 500, .transient),
        ("RequestTimeout", 400, .transient), ("Whatever", 503, .transient),
        ("ExpiredTokenException", 400, .expiredCredentials),
        ("ExpiredToken", 400, .expiredCredentials), ("RequestExpired", 400, .expiredCredentials),
        ("RequestTimeTooSkewed", 403, .clockSkew), ("UnrecognizedClientException", 400, .credentialsRefused),
        ("InvalidClientTokenId", 403, .credentialsRefused), ("SignatureDoesNotMatch", 403, .credentialsRefused),
        ("InvalidSignatureException", 400, .credentialsRefused), ("AccessDeniedException", 400, .credentialsRefused),
        ("AccessDenied", 403, .credentialsRefused), ("MissingAuthenticationToken", 403, .credentialsRefused),
        ("IncompleteSignature", 400, .credentialsRefused), ("OptInRequired", 403, .credentialsRefused),
        ("InvalidRequestException", 400, .refused), ("SerializationException", 400, .refused),
        ("Whatever", 404, .refused),
    ])
    func `an error has a kind by its code and status`(_ code: String, _ status: Int, _ kind: AWSServiceError.Kind) {
        #expect(read(.error(code, status: status)).kind == kind)
    }

    @Test(arguments: [
        (400, AWSServiceError.Kind.transient), (401, .credentialsRefused), (403, .credentialsRefused), (404, .refused),
        (301, .refused), (407, .credentialsRefused), (429, .throttling), (500, .transient), (502, .transient),
        (504, .transient), (501, .refused),
    ])
    func `an error without a code has a kind by its status`(_ status: Int, _ kind: AWSServiceError.Kind) {
        for body in ["", "<html>\n<body>Bad   gateway</body>", "{", "[]", "{\"x\":1}", "\u{0}"] {
            let error = read(HTTPResponse(status: status, body: Array(body.utf8)))
            #expect(error.kind == kind && error.code == String(status), "\(body)")
        }
        #expect(
            read(HTTPResponse(status: 502, body: Array("<p>\r\n\r\nBad\t gateway".utf8))).message == "<p> Bad gateway")
    }

    @Test func `a full queue and a wrong clock are distinguished from similar refusals`() {
        let full = read(.error("TooManyRequestsException", more: ["Reason": "CONCURRENT_QUERY_LIMIT_EXCEEDED"]))
        #expect(full.kind == .concurrentQueryLimit)
        for message in ["Signature expired: 20261123T010203Z is now earlier than …", "Signature not yet current: …"] {
            for code in ["InvalidSignatureException", "SignatureDoesNotMatch"] {
                #expect(read(.error(code, message: message)).kind == .clockSkew)
            }
        }
    }

    @Test func `an error's text cannot steer a terminal, begin a line or fill the screen`() {
        let hostile =
            "\u{1b}]8;;http://evil\u{7}x\u{1b}\\\r\n\u{9b}2J\u{202e}\u{2028}\u{200f}\u{7f}"
            + String(repeating: "é", count: 9000)
        let error = read(
            .error(
                "Code\u{1b}[2J", message: hostile, headers: ["x-amzn-RequestId": "r\u{1b}\u{7}"],
                more: ["AthenaErrorCode": .string(hostile), "Reason": .string(hostile)]))
        let texts = ["\(error)", error.message, "\(error.reason ?? "")", "\(AWSError.service(error, attempts: 2))"]
        for text in texts {
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
            #expect(!text.unicodeScalars.contains { [0x202e, 0x2028, 0x200f].contains($0.value) })
        }
        #expect(error.message.hasPrefix("\\u{1b}]8;;") && error.message.hasSuffix("…") && error.message.count < 2100)
    }

    @Test func `an error holds no secret of the request that it quotes`() {
        var request = HTTPRequest(method: "POST", url: HTTPURL(scheme: .https, host: "h"))
        SigV4(service: "athena", region: Region("us-east-1")!).sign(&request, with: .test, at: Timestamp(seconds: 0))
        let authorization = request.headers["Authorization"]!
        let signature = String(authorization.split(separator: "=").last!)
        let secret = Credentials.test.secretAccessKey
        let token = Credentials.test.sessionToken!
        let quoted =
            "key \(secret) token \(token)\u{301} \(URIEncoding.encode(token)) auth \(authorization) \(signature)"
        let redactor = Redactor(.test, request)
        for response in [
            HTTPResponse.error("SignatureDoesNotMatch", message: quoted),
            HTTPResponse(status: 403, body: Array(quoted.utf8)),
            .error("X\(secret)", message: String(repeating: "x", count: 1980) + quoted),
            .error(
                "X", headers: ["x-amzn-RequestId": secret],
                more: ["AthenaErrorCode": .string(token), "Reason": .string(secret)]),
        ] {
            let error = AWSServiceError(json: response, operation: "X", redactor: redactor)
            var dumped = ""
            dump(error, to: &dumped)
            for text in ["\(error)", dumped] {
                #expect(!text.contains("canary") && !text.contains(signature) && text.contains("[redacted]"), "\(text)")
            }
        }
    }

    /// The spellings in which a service, a proxy or a web page may write a text.
    private static let disguises: [@Sendable (String) -> String] = [
        { URIEncoding.encode($0).lowercasedEscapes },
        { text in text.utf8.map { "%" + String($0, radix: 16) }.joined() },
        { URIEncoding.encode(URIEncoding.encode($0)) },
        { $0.insertingInMiddle("\n") }, { $0.insertingInMiddle("\r\n   ") }, { $0.insertingInMiddle("\\n") },
        { URIEncoding.encode($0).map { "\($0)\n" }.joined() },
        { $0.replacing("/", with: "\\/").replacing("=", with: "\\u003d").replacing("+", with: "\\u002B") },
        { text in text.utf8.map { "&#\($0);" }.joined() },
        { text in text.utf8.map { "&#x\(String($0, radix: 16));" }.joined() },
    ]

    @Test(arguments: disguises.indices)
    func `an error holds no secret that the service writes in another way`(_ index: Int) {
        let redactor = Redactor(.test, nil, ["web.identity%2Ftoken.of-a-person"])
        let secrets = [
            Credentials.test.secretAccessKey, Credentials.test.sessionToken ?? "", "web.identity%2Ftoken.of-a-person",
        ]
        for secret in secrets {
            for (before, after) in [("", ""), ("token=", "&next"), ("100%", "%"), ("\\", "\\"), ("é", "\u{301}")] {
                let disguised = Self.disguises[index](secret)
                let shown = redactor.shown(before + disguised + after, limit: 2000)
                // By bytes: with a mark behind it, the bracket is another character.
                #expect(Array(shown.utf8).firstRange(of: Redactor.mark) != nil, "\(shown)")
                #expect(shown.utf8.count <= before.utf8.count + after.utf8.count + 16, "\(shown)")
            }
        }
    }

    @Test func `an error keeps what is not secret as it is`() {
        let redactor = Redactor(.test)
        for text in ["", "50 % of 2%2F", "a \\u002 \\ & &#; &#47 %zz %", "line 1:8: mismatched input 'x'", "é\u{301}"] {
            #expect(redactor.shown(text, limit: 2000) == text)
        }
    }

    @Test func `an error holds no part of a secret where its text is cut`() {
        let secret = Credentials.test.sessionToken ?? ""
        let redactor = Redactor(.test)
        for text in [secret, URIEncoding.encode(secret), secret.map { "\($0)\n" }.joined()] {
            // A removed secret makes room for the text behind it, up to where the text was cut for the search.
            for shift in [0, 1, 2, 13, 31, 38] {
                let quoted =
                    String(repeating: "x", count: shift) + String(repeating: text, count: 70_000 / text.utf8.count * 2)
                let shown = redactor.shown(quoted, limit: 100_000)
                #expect(!shown.contains("canary") && !shown.contains("ca%") && shown.hasSuffix("…"))
                let rest = shown.drop { $0 == "x" }.replacing("[redacted]", with: "").replacing("\\u{a}", with: "")
                #expect(rest == "…")
            }
        }
    }

    @Test(.timeLimit(.minutes(60))) func `an error is read from an answer of any length`() {
        let long = String(repeating: "m", count: 20 << 20)
        let error = read(
            HTTPResponse(status: 400, body: Array(#"{"__type":"InvalidRequestException","Message":"\#(long)"}"#.utf8)))
        #expect(error.kind == .refused && error.message == String(repeating: "m", count: 2000) + "…")
        #expect(read(HTTPResponse(status: 502, body: Array(long.utf8))).message.count == 201)
    }

    @Test func `an error of a proxy reports what the proxy wants, whatever its page looks like`() {
        for body in ["", "<html>", #"{"code":"x"}"#] {
            let error = AWSError.service(read(HTTPResponse(status: 407, body: Array(body.utf8))), attempts: 1)
            #expect(error.category == .credentials && "\(error)".contains("a proxy requires a user and a password"))
        }
        for (refusal, category, text) in [
            (.needsCredentials, .credentials, "HTTPS_PROXY"), (.forbidsHost, .credentials, "NO_PROXY"),
            (.cannotConnect, .temporary, "run the same command again later"),
        ] as [(HTTPTransportError.ProxyRefusal, AWSError.Category, String)] {
            let error = AWSError.transport(
                operation: "X", .refusedByProxy(host: "h", refusal, reason: "response 407"), attempts: 1)
            #expect(error.category == category && "\(error)".contains(text), "\(error)")
        }
    }

    @Test func `an error names the next step on one line, and has the exit status for it`() {
        let cases: [(AWSError, AWSError.Category, String)] = [
            (
                .service(read(.error("ThrottlingException")), attempts: 10), .temporary,
                "after 10 attempts; run the same command again later"
            ),
            (.service(read(.error("AccessDenied")), attempts: 1), .credentials, "check the credentials"),
            (.service(read(.error("ExpiredToken")), attempts: 1), .credentials, "renew the credentials"),
            (.service(read(.error("InvalidRequestException")), attempts: 1), .refused, "correct the option or key"),
            (
                .transport(operation: "X", .couldNotResolve(host: "h"), attempts: 3), .temporary,
                "X: the name of h could not be resolved after 3"
            ),
            (
                .transport(operation: "X", .certificateRejected(host: "h", reason: "r"), attempts: 1), .configuration,
                "AWS_CA_BUNDLE"
            ),
            (.transport(operation: "X", .bodyTooLarge(host: "h", limit: 1), attempts: 1), .untrustedAnswer, "X: "),
            (.noCredentials([]), .credentials, "no AWS credentials"), (.noRegion, .configuration, "--region"),
            (.expiredCredentials(provider: "p"), .credentials, "from p have expired"),
            (.configuration(ConfigurationFault(source: "s", problem: "p")), .configuration, "s: p"),
        ]
        for (error, category, text) in cases {
            #expect(error.category == category)
            #expect("\(error)".contains(text) && !"\(error)".contains("\n"), "\(error)")
        }
    }
}

extension String {
    fileprivate var lowercasedEscapes: String {
        replacing("%2F", with: "%2f").replacing("%2B", with: "%2b").replacing("%3D", with: "%3d")
    }

    fileprivate func insertingInMiddle(_ text: String) -> String {
        "\(prefix(count / 2))\(text)\(dropFirst(count / 2))"
    }
}
