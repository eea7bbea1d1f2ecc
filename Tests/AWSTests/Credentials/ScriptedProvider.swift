import AWS
import Threading

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
