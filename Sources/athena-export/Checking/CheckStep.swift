import AWS

/// One thing that a run needs, tried without running the query. What it finds out is handed on in ``CheckFindings``.
protocol CheckStep: Sendable {
    var name: CheckStepName { get }
    /// The steps whose findings it needs.
    var needs: [CheckStepName] { get }

    /// Whether the table has what the step is about: a cursor, say.
    func concerns(_ findings: CheckFindings) -> Bool

    /// - Throws: the error that the run would end with.
    func run(_ findings: inout CheckFindings) async throws -> CheckVerdict
}

extension CheckStep {
    func concerns(_ findings: CheckFindings) -> Bool { true }
}

/// The names are stable: scripts read them.
enum CheckStepName: String, Sendable {
    case configuration, output, credentials
    case workGroup = "work_group"
    case statement, key, cursor, schema
    case resultObject = "result_object"
}

/// How a step went.
enum CheckVerdict: Sendable {
    case ok(String)
    /// The run works, though perhaps otherwise than expected.
    case warning(String, advice: String)
    /// The run would end with this status.
    case failed(String, advice: String, ExitStatus)
    case skipped(String)

    /// What a step that has thrown says: the error without its last part, which is the advice.
    init(_ error: any Error, advice: String? = nil) {
        let (message, ownAdvice) = Self.parts(of: "\(error)")
        self = .failed(message, advice: advice ?? CheckAdvice.permission(after: error) ?? ownAdvice, ExitStatus(error))
    }

    /// A refusal or an outage that does not keep the run from working.
    static func warning(_ error: any Error, advice: String) -> CheckVerdict {
        .warning(parts(of: "\(error)").message, advice: advice)
    }

    /// The same verdict in a check of several tables.
    var amongSeveral: CheckVerdict {
        switch self {
        case .ok, .skipped: self
        case .warning(let message, let advice): .warning(message, advice: TableAdvice.completed(advice))
        case .failed(let message, let advice, let status):
            .failed(message, advice: TableAdvice.completed(advice), status)
        }
    }

    /// Errors give the facts first and what to do last, behind a semicolon.
    static func parts(of text: String) -> (message: String, advice: String) {
        guard let end = text.ranges(of: "; ").last else { return (text, "") }
        return (String(text[..<end.lowerBound]), String(text[end.upperBound...]))
    }
}

/// A step and how it went.
struct CheckResult: Sendable {
    let step: CheckStepName
    let verdict: CheckVerdict

    var exitStatus: ExitStatus {
        if case .failed(_, _, let status) = verdict { status } else { .success }
    }
}

/// What to do about errors of AWS that a step knows more about than the error.
enum CheckAdvice {
    /// Names the IAM action that is missing; nil for other errors.
    static func permission(after error: any Error) -> String? {
        guard case AWSError.service(let answer, _) = error, answer.kind == .credentialsRefused,
            answer.code.hasPrefix("AccessDenied") || answer.code.hasPrefix("NotAuthorized")
        else { return nil }
        let service =
            answer.operation == "GetObject" ? "s3" : answer.operation == "GetCallerIdentity" ? "sts" : "athena"
        return "allow \(service):\(answer.operation) to this identity in IAM"
    }
}
