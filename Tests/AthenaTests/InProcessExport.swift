import Athena
import AWS
import BatchExport
import Clock
import Foundation
import HTTPTransport
import JSON
import Logging
import Loopback
import SystemPackage
import Testing
import TestSupport
import Threading

/// A whole export in this process: everything is real except the network, the clock and random numbers.
struct InProcessExport {
    let athena: FakeAthena
    let parent: FilePath
    var time = VirtualTime()
    var maxAttempts = 10
    var batchRows = 20
    var pageBytes = AthenaClient.standardPageBytes
    var query = AthenaExport.QueryChoice.start(AthenaQuery(statement: "SELECT * FROM test_rows"))
    /// The fault of a call instead of, or before, its answer; see ``DirectTransport``.
    var fault: @Sendable (PendingCall) throws -> HTTPResponse? = { _ in nil }
    /// A transport to use instead of ``DirectTransport``.
    var transport: (any HTTPTransport)?

    init(_ athena: FakeAthena, in directory: String) {
        self.athena = athena
        parent = FilePath(directory)
    }

    var directory: ExportDirectory { ExportDirectory(parent: parent, table: "customers") }

    /// The exported files by name.
    var files: [String: Data] {
        TestMachine.files(below: directory.path.string).filter { $0.key.hasPrefix("data/") }
    }

    func manifest() throws -> JSONField {
        JSONField(try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: directory.manifest.string)))))
    }

    /// Runs an export that must fail with a certain error, and returns the error.
    @discardableResult
    func fails<Failure: Error>(with type: Failure.Type) async throws -> Failure {
        do {
            _ = try await run()
        } catch let error as Failure {
            return error
        }
        throw UnexpectedSuccess()
    }

    struct UnexpectedSuccess: Error {}

    /// Runs an export whose task is cancelled at the first poll of the query.
    func isCancelledWhileQueryRuns() async throws {
        var export = self
        let task = Locked<Task<AthenaExport.Outcome, any Error>?>(nil)
        export.fault = { [fault] call in
            if call.operation == "GetQueryExecution" { task.withLock { $0?.cancel() } }
            return try fault(call)
        }
        let running = Task { [export] in
            while task.withLock({ $0 == nil }) { await Task.yield() }
            return try await export.run()
        }
        task.withLock { $0 = running }
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    /// The work of one process: takes the directory, runs or resumes, and releases the directory.
    func run() async throws -> AthenaExport.Outcome {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let region = AWSSettings.Explicit(region: "eu-central-1")
        let settings = try AWSSettings(
            explicit: region, environment: AWSEnvironment([:]),
            sharedConfig: SharedConfig(config: nil, credentials: nil))
        let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "secret")
        let client = AthenaClient(
            AWSJSONClient(
                service: .athena, targetPrefix: "AmazonAthena", endpoint: try settings.endpoint(for: .athena),
                credentials: ExplicitCredentials(credentials),
                transport: transport ?? DirectTransport(athena, fault: fault),
                retry: RetryPolicy(maxAttempts: maxAttempts),
                runtime: time.runtime, logger: logger), pageBytes: pageBytes)
        let options = AthenaExport.Options(
            query: query, table: "customers",
            export: ExportOptions(
                primaryKey: ["customer_id"], format: .csv, limits: BatchLimits(rows: batchRows, bytes: 1 << 20),
                compressionLevel: 6, workers: 1),
            runID: "nightly")
        let journal = try ExportJournal(opening: directory, now: { "2026-01-01T00:00:00Z" })
        return try await AthenaExport(
            client: client, journal: journal, recording: transport as? RecordingTransport, options: options,
            runtime: time.runtime, logger: logger
        ).run()
    }
}

/// Hands requests to a ``FakeAthena`` without a socket, with the faults of a script.
final class DirectTransport: HTTPTransport {
    private let athena: FakeAthena
    private let fault: @Sendable (PendingCall) throws -> HTTPResponse?
    private let counts = Locked<[String: Int]>([:])

    init(_ athena: FakeAthena, fault: @escaping @Sendable (PendingCall) throws -> HTTPResponse?) {
        self.athena = athena
        self.fault = fault
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let operation = String(request.headers["X-Amz-Target"]?.split(separator: ".").last ?? "")
        let call = counts.withLock { counts in
            counts[operation, default: 0] += 1
            return PendingCall(
                number: counts.values.reduce(0, +), operation: operation, operationNumber: counts[operation, default: 0]
            )
        }
        if let response = try fault(call) { return response }
        let answer = try await athena.answer(
            to: LoopbackServer.Request(
                method: request.method, path: "/", headers: [("X-Amz-Target", "AmazonAthena.\(operation)")],
                body: request.body, port: 0))
        guard answer.body.count <= request.limits.bodyBytes else {
            throw HTTPTransportError.bodyTooLarge(host: "athena", limit: request.limits.bodyBytes)
        }
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers[name] = value }
        return HTTPResponse(status: answer.status, headers: headers, body: answer.body)
    }
}

/// A clock that only moves by sleeping, and random numbers that are always the highest.
final class VirtualTime: Sendable {
    private let slept = Locked<[Duration]>([])

    /// Every wait so far.
    var sleeps: [Duration] { slept.withLock { $0 } }
    var total: Duration { sleeps.reduce(.zero, +) }

    var runtime: Runtime {
        let start = Timestamp(seconds: 1_795_395_723)
        return Runtime(
            now: { [self] in start.advanced(by: total) },
            sleep: { [self] duration in
                slept.withLock { $0.append(duration) }
                try Task.checkCancellation()
            },
            random: { 0.999 })
    }
}
