import AWS
import Clock
import Foundation
import HTTPTransport
import JSON
import Testing

/// A request to sign, with the credentials and the time.
struct SignatureCase: Sendable, CustomTestStringConvertible {
    var name: String
    var service = "athena"
    var region = "us-east-1"
    var request: HTTPRequest
    var token: String?
    var secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    var time = Timestamp(iso8601: "2026-11-23T01:02:03.999Z")!

    var testDescription: String { name }

    func authorization() -> String? {
        var request = request
        let credentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token)
        SigV4(service: service, region: Region(region)!).sign(&request, with: credentials, at: time)
        return request.headers["Authorization"]
    }

    var json: JSONValue {
        [
            "method": .string(request.method), "url": .string(request.url.description),
            "headers": .array(request.headers.map { [.string($0.name), .string($0.value)] }),
            "body": .string(Data(request.body).base64EncodedString()), "service": .string(service),
            "region": .string(region), "secret": .string(secret), "token": token.map { .string($0) } ?? .null,
            "time": .string(time.iso8601),
        ]
    }
}

extension SignatureCase {
    static let all = athena + regions + headers + times + objects + queries + otherServices + sts

    private static func post(
        _ operation: String, _ body: String, headers: [(String, String)] = [],
        host: String = "athena.us-east-1.amazonaws.com"
    ) -> HTTPRequest {
        var request = HTTPRequest(
            method: "POST", url: HTTPURL(scheme: .https, host: host),
            headers: ["Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonAthena.\(operation)"],
            body: Array(body.utf8))
        for (name, value) in headers { request.headers.append(name, value) }
        return request
    }

    private static func get(_ text: String, headers: HTTPHeaders = [:], method: String = "GET") -> HTTPRequest {
        HTTPRequest(method: method, url: try! HTTPURL(parsing: text), headers: headers)
    }

    private static let athena = [
        SignatureCase(name: "empty body", request: post("StopQueryExecution", "")),
        SignatureCase(name: "empty object", request: post("ListWorkGroups", "{}")),
        SignatureCase(name: "poll", request: post("GetQueryExecution", #"{"QueryExecutionId":"a-b"}"#)),
        SignatureCase(
            name: "non-ASCII body", request: post("StartQueryExecution", #"{"QueryString":"SELECT 'žluť 😀'"}"#)),
        SignatureCase(name: "large body", request: post("StartQueryExecution", String(repeating: "x", count: 262_144))),
        SignatureCase(name: "session token", request: post("GetQueryResults", "{}"), token: "IQoJb3JpZ2luX2VjE+/=="),
        SignatureCase(
            name: "long session token", request: post("GetQueryResults", "{}"),
            token: String(repeating: "IQoJb3JpZ2luX2VjE/", count: 60)),
        SignatureCase(name: "odd secret", request: post("GetQueryResults", "{}"), secret: "a/b+c=d%e"),
        SignatureCase(
            name: "endpoint with port",
            request: post("GetQueryResults", "{}", host: "localhost").at("http://localhost:4566/")),
        SignatureCase(
            name: "endpoint with the scheme's port",
            request: post("GetQueryResults", "{}").at("https://athena.example.com:443/")),
        SignatureCase(name: "IPv6 endpoint", request: post("GetQueryResults", "{}").at("http://[::1]:4566/")),
        SignatureCase(
            name: "endpoint with path", request: post("GetQueryResults", "{}").at("http://localhost:4566/a/b/")),
    ]

    private static let regions = [
        "eu-central-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1",
    ].map { region in
        SignatureCase(
            name: region, region: region,
            request: post("GetQueryResults", "{}", host: "athena.\(region).amazonaws.com"))
    }

    private static let headers = [
        ("runs of blanks", [("X-Amz-Meta", "  a   b\t\tc  ")]),
        ("empty value", [("X-Amz-Meta", "")]),
        ("twice", [("X-Amz-Meta", "b"), ("x-amz-meta", "a  a")]),
        ("odd case", [("aMz-SdK-iNvocation-ID", "ABC-def")]),
        ("invocation", [("amz-sdk-invocation-id", "0b1e"), ("amz-sdk-request", "attempt=1; max=10")]),
        ("left out", [("User-Agent", "x"), ("Expect", "100-continue"), ("X-Amzn-Trace-Id", "t"), ("TE", "trailers")]),
        ("hops", [("Connection", "close"), ("Keep-Alive", "1"), ("Upgrade", "h2c"), ("Proxy-Authorization", "p")]),
        ("non-ASCII value", [("X-Amz-Meta", "žluť")]),
        ("old Authorization", [("Authorization", "AWS4-HMAC-SHA256 old")]),
    ].map { name, fields in SignatureCase(name: "header: \(name)", request: post("X", "{}", headers: fields)) }

    private static let times = [
        "1999-12-31T23:59:59.000Z", "2000-02-29T00:00:00.000Z", "2024-02-29T12:00:00.001Z", "2100-03-01T00:00:00.000Z",
    ].map { SignatureCase(name: $0, request: post("X", "{}"), time: Timestamp(iso8601: $0)!) }

    private static let objects = [
        "plain.csv", "two words.csv", "a+b", "a%20b", "100%", "žluť/😀", "a//b", "/leading", "a/./b", "a/../b", "..",
        "~t",
        "a=b&c=d", "a?b#c", "semi;colon,comma", "(paren)'quote'*", "tail/",
    ].map { key in
        SignatureCase(
            name: "object \(key)", service: "s3",
            request: get(
                "https://bucket.s3.eu-west-1.amazonaws.com/\(URIEncoding.encodePath(key))",
                headers: ["Range": "bytes=0-9", "If-Match": "\"e-tag\""]),
            token: "IQoJb3JpZ2lu")
    }

    private static let queries = [
        "list-type=2&prefix=a%2Fb&delimiter=%2F", "b=2&a=1&a=0", "acl", "uploads=&x", "a=b=c", "A=1&a=2&B=3",
        "empty=&=empty&", "x-id=GetObject&versionId=a%2Bb%20c", "k%C3%A9y=v%C3%A1lue",
    ].map { query in
        SignatureCase(
            name: "query \(query)", service: "s3", request: get("https://bucket.s3.amazonaws.com/?\(query)"))
    }

    private static let otherServices = [
        "/", "/a/b", "/a//b/", "/a/./b/../c", "/two%20words", "/a%2Fb", "/k%C3%A9y", "/tilde~", "/star*", "/../..",
        "/.",
    ].map { path in
        SignatureCase(
            name: "path \(path)", service: "execute-api", region: "eu-west-1",
            request: get("https://api.example.com\(path)?b=1&a=2", method: "PUT"))
    }

    private static let sts = [
        SignatureCase(
            name: "GetCallerIdentity", service: "sts",
            request: HTTPRequest(
                method: "POST", url: HTTPURL(scheme: .https, host: "sts.us-east-1.amazonaws.com"),
                headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
                body: Array("Action=GetCallerIdentity&Version=2011-06-15".utf8))),
        SignatureCase(
            name: "AssumeRole", service: "sts", region: "eu-west-1",
            request: HTTPRequest(
                method: "POST", url: HTTPURL(scheme: .https, host: "STS.eu-west-1.amazonaws.com"),
                headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: Array("Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr".utf8)),
            token: "IQoJb3JpZ2lu"),
    ]
}

extension HTTPRequest {
    fileprivate func at(_ url: String) -> HTTPRequest {
        var request = self
        request.url = try! HTTPURL(parsing: url)
        return request
    }
}
