import AWS
import Clock
import Foundation
import HTTPTransport
import JSON
import Synchronization

/// STS, IAM Identity Center, the credential endpoint of a container and that of an instance, in one server.
///
/// The access keys that it gives show by which operation they were given.
final class FakeIdentity: Sendable {
    enum Mood: Sendable { case gives, refuses, babbles, babblesOnRenewal }

    static let canary = "canary-token-0123456789"

    private let time: FakeTime
    private let state = Mutex<State>(State())

    private struct State {
        var mood = Mood.gives
        var serial = 1
        var sessionToken = "t"
        var seen: [Call] = []
    }

    /// The parts of a request that tests check.
    struct Call: Sendable {
        let method: String
        let path: String
        let headers: [String: String]
        let body: String
    }

    init(_ time: FakeTime) { self.time = time }

    /// A number that becomes part of the next keys.
    var serial: Int {
        get { state.withLock { $0.serial } }
        set { state.withLock { $0.serial = newValue } }
    }

    /// The session token of the next keys.
    var sessionToken: String {
        get { state.withLock { $0.sessionToken } }
        set { state.withLock { $0.sessionToken = newValue } }
    }

    var mood: Mood {
        get { state.withLock { $0.mood } }
        set { state.withLock { $0.mood = newValue } }
    }

    var calls: [Call] { state.withLock { $0.seen } }

    func answer(_ call: Call) -> (status: Int, body: String) {
        let mood = state.withLock { state in
            state.seen.append(call)
            return state.mood
        }
        switch mood {
        case .babbles where call.method != "PUT" && !call.path.hasSuffix("/security-credentials/"):
            return (200, "<html>\(Self.canary)</html>")
        case .refuses: return refusal(call)
        case .babblesOnRenewal where call.path == "/token": return (200, "<html>\(Self.canary)</html>")
        default: return credentials(call)
        }
    }

    var expiration: Timestamp { time.now.advanced(by: .seconds(3600)) }

    private func credentials(_ call: Call) -> (status: Int, body: String) {
        let metadata = """
            {"Code": "Success", "AccessKeyId": "\("METADATA")\(serial)", "SecretAccessKey": "s", "Token": "\(sessionToken)",
             "Expiration": "\(expiration.iso8601.prefix(19))Z"}
            """
        switch (call.method, call.path) {
        case ("POST", "/"): return sts(call)
        case ("POST", "/token"):
            return (200, #"{"accessToken": "\#(Self.canary)-renewed", "expiresIn": 28800, "refreshToken": "next"}"#)
        case ("GET", "/federation/credentials"):
            let isRenewed = call.headers["x-amz-sso_bearer_token"] == "\(Self.canary)-renewed"
            return (
                200,
                """
                {"roleCredentials": {"accessKeyId": "SSO\(isRenewed ? "RENEWED" : "")\(serial)",
                 "secretAccessKey": "s", "sessionToken": "\(sessionToken)", "expiration": \(expiration.milliseconds)}}
                """
            )
        case ("PUT", "/latest/api/token"): return (200, Self.canary)
        // Some servers drop the slash.
        case ("GET", "/latest/meta-data/iam/security-credentials/"),
            ("GET", "/latest/meta-data/iam/security-credentials"):
            return (200, "my-role")
        case ("GET", "/latest/meta-data/iam/security-credentials/my-role"):
            return (200, metadata.replacing("METADATA", with: "INSTANCE"))
        case ("GET", "/container"): return (200, metadata.replacing("METADATA", with: "CONTAINER"))
        default: return (404, "")
        }
    }

    private func sts(_ call: Call) -> (status: Int, body: String) {
        let form = Self.form(call.body)
        let action = form["Action"] ?? ""
        let role = form["RoleArn"]?.split(separator: "/").last ?? "?"
        // Credential=AKID/20261123/…
        let signer = call.headers["authorization"]?.split(separator: "=").dropFirst().first?.split(separator: "/").first
        let origin = action == "AssumeRole" ? "FROM\(signer ?? "NOBODY")" : "WEB"
        return (
            200,
            """
            <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result><Credentials>
            <AccessKeyId>\(role)\(origin)\(serial)</AccessKeyId><SecretAccessKey>s&#x2F;&amp;</SecretAccessKey>
            <SessionToken>\(sessionToken)</SessionToken><Expiration>\(expiration.iso8601)</Expiration>
            </Credentials></\(action)Result></\(action)Response>
            """
        )
    }

    /// An error in each service's own form, which quotes the request.
    private func refusal(_ call: Call) -> (status: Int, body: String) {
        switch (call.method, call.path) {
        case ("POST", "/"):
            return (
                403,
                """
                <ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed with
                \(Self.form(call.body)["WebIdentityToken"] ?? "")</Message></Error></ErrorResponse>
                """
            )
        case ("GET", "/federation/credentials"):
            let token = call.headers["x-amz-sso_bearer_token"] ?? ""
            return (401, #"{"__type": "UnauthorizedException", "message": "Session token \#(token) is invalid"}"#)
        case ("POST", "/token"):
            let token = call.body.split(separator: "\"").first { $0.hasPrefix("canary") } ?? ""
            return (400, #"{"error": "invalid_grant", "error_description": "not \#(token)"}"#)
        case ("PUT", _): return credentials(call)
        default: return (403, Self.canary)
        }
    }

    static func form(_ body: String) -> [String: String] {
        Dictionary(
            body.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]).removingPercentEncoding ?? "" : "")
            }, uniquingKeysWith: { $1 })
    }

    /// The same answers without a network.
    var transport: ScriptedTransport {
        ScriptedTransport([
            { [self] request in
                var headers: [String: String] = [:]
                for (name, value) in request.headers { headers[name.lowercased()] = value }
                let (status, body) = answer(
                    Call(
                        method: request.method, path: request.url.path, headers: headers,
                        body: String(decoding: request.body, as: UTF8.self)))
                return HTTPResponse(status: status, body: Array(body.utf8))
            }
        ])
    }
}
