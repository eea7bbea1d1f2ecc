import AWS
import Clock
import HTTPTransport
import Loopback
import TestSupport

/// Whether a request has the signature of the tests' keys at the time that it states.
///
/// Other tests compare the signer with botocore's; this one shows that the sent request is the signed one.
@Sendable func isSigned(_ request: LoopbackServer.Request) -> Bool {
    guard
        let sent = request.header("Authorization"), let date = request.header("X-Amz-Date"),
        let signedHeaders = sent.split(separator: "SignedHeaders=").last?.prefix(while: { $0 != "," }),
        let timestamp = Timestamp(amzDate: date),
        let scope = sent.split(separator: "Credential=").last?.prefix(while: { $0 != "," }).split(separator: "/"),
        scope.count == 5, let region = Region(String(scope[2]))
    else { return false }
    var copy = HTTPRequest(
        method: request.method,
        url: HTTPURL(
            scheme: .http, host: "127.0.0.1", port: request.port, path: request.path,
            query: request.query.isEmpty ? nil : request.query),
        body: request.body)
    for name in signedHeaders.split(separator: ";") where name != "host" && name != "x-amz-date" {
        copy.headers[String(name)] = request.header(String(name))
    }
    let credentials = Credentials(
        accessKeyID: Executable.accessKeyID, secretAccessKey: Executable.secretAccessKey,
        sessionToken: request.header("X-Amz-Security-Token"))
    SigV4(service: String(scope[3]), region: region).sign(
        &copy, with: credentials, at: timestamp)
    return copy.headers["Authorization"] == sent
}

extension Timestamp {
    /// `20261123T010203Z`
    fileprivate init?(amzDate: String) {
        let text = Array(amzDate)
        guard text.count == 16 else { return nil }
        let date = "\(String(text[0..<4]))-\(String(text[4..<6]))-\(String(text[6..<8]))"
        self.init(iso8601: "\(date)T\(String(text[9..<11])):\(String(text[11..<13])):\(String(text[13..<15]))Z")
    }
}
