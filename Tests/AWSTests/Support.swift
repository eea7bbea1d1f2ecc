import Clock
import AWS
import HTTPTransport
import JSON
import Threading
import Logging

/// Answers requests from a list, and keeps the requests.
final class ScriptedTransport: HTTPTransport {
    typealias Answer = @Sendable (HTTPRequest) throws -> HTTPResponse

    private let state: Locked<(answers: [Answer], requests: [HTTPRequest])>

    /// The last answer is repeated.
    init(_ answers: [Answer]) {
        state = Locked((answers, []))
    }

    convenience init(_ responses: HTTPResponse...) {
        self.init(responses.map { response in { _ in response } })
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
        return try answer(request)
    }
}

/// A clock that only moves by sleeping, and fixed random numbers.
final class FakeTime: Sendable {
    private let state: Locked<(now: Timestamp, sleeps: [Duration])>
    private let chance: Double

    init(now: Timestamp = Timestamp(seconds: 1_795_395_723), random: Double = 0.5) {
        state = Locked((now, []))
        chance = random
    }

    var sleeps: [Duration] { state.withLock { $0.sleeps } }
    var now: Timestamp { state.withLock { $0.now } }

    func advance(by duration: Duration) { state.withLock { $0.now = $0.now.advanced(by: duration) } }

    var runtime: Runtime {
        Runtime(
            now: { [self] in now },
            sleep: { [self] duration in
                state.withLock { $0.sleeps.append(duration) }
                advance(by: duration)
                try Task.checkCancellation()
            },
            random: { [chance] in chance })
    }
}

/// A provider that gives the results of a list, one after another; the last one is repeated.
final class ScriptedProvider: CredentialProvider {
    typealias Answer = @Sendable () async throws -> Credentials?

    let name = "scripted"
    private let state: Locked<(answers: [Answer], calls: Int)>

    init(_ answers: [Answer]) { state = Locked((answers, 0)) }

    convenience init(_ credentials: Credentials?...) {
        self.init(credentials.map { credentials in { credentials } })
    }

    var calls: Int { state.withLock { $0.calls } }

    func lookUp() async throws -> CredentialLookup {
        let answer = state.withLock { state in
            state.calls += 1
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
        return try await answer().map { .found($0) } ?? .absent("nothing left")
    }
}

extension HTTPResponse {
    static func error(
        _ code: String, status: Int = 400, message: String = "no", headers: HTTPHeaders = [:],
        more: JSONObject = [:]
    ) -> HTTPResponse {
        var body: JSONObject = ["__type": .string(code), "Message": .string(message)]
        for (name, value) in more.members { body[name] = value }
        return HTTPResponse(status: status, headers: headers, body: JSONValue.object(body).serialized(pretty: false))
    }

    static let ok = HTTPResponse(status: 200, body: Array("{}".utf8))
}

extension Credentials {
    static let test = Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "canary/secret+KEY0000000000000000000000",
        sessionToken: "canary-token/with+odd=characters==")
}

extension AWSError {
    /// The text of a configuration error; empty for others.
    var fault: String {
        if case .configuration(let fault) = self { fault.description } else { "" }
    }
}

extension CredentialProvider {
    /// The provider's credentials; nil if it has none.
    func found() async throws -> Credentials? {
        if case .found(let credentials) = try await lookUp() { credentials } else { nil }
    }

    /// Why the provider has no credentials; nil if it has some.
    func absence() async throws -> String? {
        if case .absent(let reason) = try await lookUp() { reason } else { nil }
    }
}
