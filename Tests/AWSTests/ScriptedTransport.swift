import HTTPTransport
import JSON
import Threading

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
