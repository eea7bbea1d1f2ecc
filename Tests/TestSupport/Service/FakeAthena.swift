import Foundation
package import JSON
package import Loopback
import Threading

/// A fake Athena over real HTTP on loopback: it serves pages, counts calls, checks signatures and fails as a script
/// says.
///
/// It does what the real service was seen to do: 1000 rows a page with the header row, a token on every full page,
/// every page twice in the body, one execution for one ClientRequestToken.
package final class FakeAthena: Sendable {
    private let result: FakeResult
    private let s3: FakeS3?
    private let script: FaultScript
    private let evaluate: (@Sendable (JSONField) async throws -> FakeResult)?
    private let isSigned: @Sendable (LoopbackServer.Request) -> Bool
    private let state = Locked(State())

    /// A call that the server has seen.
    package struct Call: Sendable, Equatable {
        package let operation: String
        package let body: String
    }

    private struct State {
        var calls: [Call] = []
        /// Ids by ClientRequestToken.
        var executions: [String: String] = [:]
        /// Ids in the order of their start.
        var started: [String] = []
        var polls: [String: Int] = [:]
        var stopped: Set<String> = []
        /// By id, where a query was evaluated.
        var results: [String: FakeResult] = [:]
        /// What started an execution, by its id.
        var requests: [String: JSONField] = [:]
        var badSignatures = 0
    }

    /// - Parameters:
    ///   - s3: answers requests that are not for Athena, at the same address.
    ///   - isSigned: whether a request has a valid signature; others are refused.
    ///   - script: faults in the place of answers.
    ///   - evaluate: makes the result of a query from the request that starts it; without it, all have the same.
    package init(
        result: FakeResult, s3: FakeS3? = nil,
        isSigned: @escaping @Sendable (LoopbackServer.Request) -> Bool = { _ in true },
        script: @escaping FaultScript = { _ in nil },
        evaluate: (@Sendable (JSONField) async throws -> FakeResult)? = nil
    ) {
        self.result = result
        self.s3 = s3
        self.isSigned = isSigned
        self.script = script
        self.evaluate = evaluate
    }

    /// Serves while the body runs, and gives it the address.
    @discardableResult
    package func serve<Result: Sendable>(_ body: (String) async throws -> Result) async throws -> Result {
        let server = try LoopbackServer.answering { [self] request in try await answer(to: request) }
        do {
            let result = try await body(server.address)
            server.stop()
            return result
        } catch {
            server.stop()
            throw error
        }
    }

    package var calls: [Call] { state.withLock { $0.calls } }
    package var executionIDs: Set<String> { Set(state.withLock { $0.executions }.values) }
    /// The execution that was started with a token; nil if none was.
    package func executionID(forToken token: String) -> String? { state.withLock { $0.executions[token] } }
    /// Ids in the order of their start.
    package var startedExecutions: [String] { state.withLock { $0.started } }
    package var badSignatures: Int { state.withLock { $0.badSignatures } }
    package var stoppedExecutions: Set<String> { state.withLock { $0.stopped } }

    package func count(of operation: String) -> Int { calls.count { $0.operation == operation } }

    /// Waits until a process has made so many calls.
    ///
    /// - Throws: if it has not within some minutes, so that no test waits for ever; the process is killed then.
    package func waitForCalls(_ calls: Int = 1, of operation: String, by process: RunningProcess) async throws {
        let start = ContinuousClock.now
        while count(of: operation) < calls {
            try await Task.sleep(for: .milliseconds(5))
            guard ContinuousClock.now - start < .seconds(300) else {
                process.kill()
                throw MissingCalls(operation: operation, found: count(of: operation), expected: calls)
            }
        }
    }
}

struct MissingCalls: Error {
    let operation: String
    let found: Int
    let expected: Int
}

/// What a server does instead of answering.
package enum Fault: Sendable {
    /// Answers this.
    case respond(status: Int, body: String, headers: [String: String] = [:])
    /// Runs this before it answers as usual; it can kill the client.
    case before(@Sendable () -> Void)
    /// Answers as usual after a while.
    case delay(Duration)
    /// Answers as usual with a change.
    case alter(@Sendable (inout LoopbackServer.Answer) -> Void)

    /// An error as Athena writes it.
    package static func error(_ code: String, _ message: String, status: Int = 400, reason: String? = nil) -> Fault {
        var body: JSONObject = ["__type": .string(code), "Message": .string(message)]
        body["Reason"] = reason.map { .string($0) }
        return .respond(
            status: status, body: String(decoding: JSONValue.object(body).serialized(pretty: false), as: UTF8.self))
    }
}

/// A call that is about to be answered.
package struct PendingCall: Sendable {
    /// Of all calls, from 1.
    package let number: Int
    package let operation: String
    /// Of the calls of this operation, from 1.
    package let operationNumber: Int

    package init(number: Int, operation: String, operationNumber: Int) {
        self.number = number
        self.operation = operation
        self.operationNumber = operationNumber
    }
}

package typealias FaultScript = @Sendable (PendingCall) -> Fault?

extension FakeAthena {
    /// Answers one request; for tests that need no socket.
    package func answer(to request: LoopbackServer.Request) async throws -> LoopbackServer.Answer {
        if let s3, request.header("X-Amz-Target") == nil, !request.isForSTS {
            guard isSigned(request) else {
                state.withLock { $0.badSignatures += 1 }
                return FakeS3.error("SignatureDoesNotMatch", "The request signature does not match", status: 403)
            }
            return try await s3.answer(request)
        }
        let operation =
            request.isForSTS
            ? "GetCallerIdentity" : String(request.header("X-Amz-Target")?.split(separator: ".").last ?? "")
        let call = state.withLock { state in
            state.calls.append(Call(operation: operation, body: String(decoding: request.body, as: UTF8.self)))
            return PendingCall(
                number: state.calls.count, operation: operation,
                operationNumber: state.calls.count { $0.operation == operation })
        }
        guard isSigned(request) else {
            state.withLock { $0.badSignatures += 1 }
            return refuse("InvalidSignatureException", "The request signature we calculated does not match")
        }
        if let refusal = refusalOfTime(request) { return refusal }
        switch script(call) {
        case .respond(let status, let body, let headers)?:
            return LoopbackServer.Answer(status: status, headers: headers, body: Array(body.utf8))
        case .before(let action)?: action()
        case .delay(let duration)?: try await Task.sleep(for: duration)
        case .alter(let change)?:
            var answer = try await respond(to: operation, JSONField(try JSONValue(parsing: request.body)))
            change(&answer)
            return answer
        case nil: break
        }
        if request.isForSTS { return Self.identity }
        return try await respond(to: operation, JSONField(try JSONValue(parsing: request.body)))
    }

    /// As STS answers GetCallerIdentity.
    private static let identity = LoopbackServer.Answer(
        status: 200,
        body: Array(
            """
            <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
            <Arn>arn:aws:sts::\(FakeS3.owner):assumed-role/exporter/nightly</Arn><UserId>AROAEXAMPLE:nightly</UserId>
            <Account>\(FakeS3.owner)</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
            """.utf8))

    /// The real service's words.
    private func refusalOfTime(_ request: LoopbackServer.Request) -> LoopbackServer.Answer? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        guard let tolerance = result.clockTolerance, let stated = request.header("X-Amz-Date"),
            let time = format.date(from: stated), abs(time.timeIntervalSinceNow) > tolerance
        else { return nil }
        var answer = refuse("InvalidSignatureException", "Signature expired: \(stated) is now earlier than the present")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        answer.headers["Date"] = format.string(from: Date())
        return answer
    }

    private func respond(to operation: String, _ input: JSONField) async throws -> LoopbackServer.Answer {
        switch operation {
        case "StartQueryExecution":
            let token = try input.member("ClientRequestToken").string()
            let known = state.withLock { $0.executions[token] }
            let evaluated = known == nil ? try await evaluate?(input) : nil
            let id = state.withLock { state in
                if let id = state.executions[token] { return id }
                let id = UUID().uuidString.lowercased()
                state.results[id] = evaluated
                state.requests[id] = input
                state.executions[token] = id
                state.started.append(id)
                return id
            }
            return ok(["QueryExecutionId": .string(id)])
        case "GetQueryExecution": return execution(try input.member("QueryExecutionId").string())
        case "GetQueryResults": return try page(input)
        case "GetWorkGroup":
            return ok(["WorkGroup": result.workGroup(named: try input.member("WorkGroup").string())])
        case "StopQueryExecution":
            let id = try input.member("QueryExecutionId").string()
            if result(of: id).canBeStopped { state.withLock { _ = $0.stopped.insert(id) } }
            return ok([:])
        case "GetQueryRuntimeStatistics":
            let result = result(of: try input.member("QueryExecutionId").string())
            return ok(["QueryRuntimeStatistics": ["Rows": ["OutputRows": .integer(result.rowCount)]]])
        default: return refuse("InvalidRequestException", "unknown operation \(operation)")
        }
    }

    private func result(of id: String) -> FakeResult { state.withLock { $0.results[id] } ?? result }

    private func execution(_ id: String) -> LoopbackServer.Answer {
        let result = result(of: id)
        let (isKnown, polls, isStopped, hasFailed) = state.withLock { state in
            state.polls[id, default: 0] += 1
            return (
                state.executions.values.contains(id), state.polls[id, default: 0], state.stopped.contains(id),
                state.started.prefix(result.failedExecutions).contains(id)
            )
        }
        guard isKnown || result.knowsEveryExecution else {
            return refuse(
                "InvalidRequestException", "QueryExecution \(id) was not found", code: "QUERY_EXECUTION_NOT_FOUND")
        }
        let states = hasFailed ? ["FAILED"] : result.states
        let current = isStopped ? "CANCELLED" : states[min(polls, states.count) - 1]
        var status: JSONObject = ["State": .string(current), "SubmissionDateTime": .number("1.79E9")]
        if current == "FAILED" { status["AthenaError"] = result.athenaError }
        status["StateChangeReason"] = result.stateChangeReason.map { .string($0) }
        var execution: JSONObject = [
            "QueryExecutionId": .string(id), "Query": .string(result.query),
            "StatementType": .string(result.statementType), "SubstatementType": .string(result.substatementType),
            "Status": .object(status),
        ]
        var statistics: JSONObject = ["DataScannedInBytes": .integer(4096)]
        statistics["ResultReuseInformation"] = result.reusedPreviousResult.map { ["ReusedPreviousResult": .bool($0)] }
        statistics["DataManifestLocation"] = result.dataManifestLocation.map { .string($0) }
        execution["Statistics"] = .object(statistics)
        if case .object(let request)? = state.withLock({ $0.requests[id]?.value }) {
            for member in ["QueryExecutionContext", "WorkGroup", "ExecutionParameters"] {
                execution[member] = request[member]
            }
        }
        execution["EngineVersion"] = result.effectiveEngineVersion.map { ["EffectiveEngineVersion": .string($0)] }
        if let location = result.outputLocation {
            var configuration: JSONObject = ["OutputLocation": .string(location)]
            configuration["EncryptionConfiguration"] = result.encryptionOption.map { ["EncryptionOption": .string($0)] }
            configuration["ExpectedBucketOwner"] = result.expectedBucketOwner.map { .string($0) }
            execution["ResultConfiguration"] = .object(configuration)
        }
        return ok([
            "QueryExecution": .object(execution), "QueryExecutionDetail": ["Status": ["State": .string(current)]],
        ])
    }

    private func page(_ input: JSONField) throws -> LoopbackServer.Answer {
        let token = try input.optionalMember("NextToken")?.string()
        let maxResults = try input.optionalMember("MaxResults")?.integer() ?? 1000
        let result = result(of: try input.member("QueryExecutionId").string())
        if try input.optionalMember("QueryResultType")?.string() == "DATA_MANIFEST" {
            guard let page = result.manifestPage() else {
                return refuse("InvalidRequestException", "There is no data manifest", code: "INVALID_INPUT")
            }
            return LoopbackServer.Answer(status: 200, headers: Self.headers, body: page)
        }
        guard let page = result.page(token: token, maxResults: maxResults) else {
            return refuse("InvalidRequestException", "Malformed nextPageToken \(token ?? "")", code: "INVALID_INPUT")
        }
        return LoopbackServer.Answer(status: 200, headers: Self.headers, body: page)
    }

    private static var headers: [String: String] {
        ["Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": UUID().uuidString.lowercased()]
    }

    private func ok(_ json: JSONValue) -> LoopbackServer.Answer {
        LoopbackServer.Answer(status: 200, headers: Self.headers, body: json.serialized(pretty: false))
    }

    private func refuse(_ type: String, _ message: String, code: String? = nil) -> LoopbackServer.Answer {
        var body: JSONObject = ["__type": .string(type), "Message": .string(message)]
        body["AthenaErrorCode"] = code.map { .string($0) }
        return LoopbackServer.Answer(
            status: 400, headers: Self.headers, body: JSONValue.object(body).serialized(pretty: false))
    }
}

extension LoopbackServer.Request {
    /// Requests to STS are forms, those to no other service are.
    fileprivate var isForSTS: Bool {
        header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") == true
    }
}
