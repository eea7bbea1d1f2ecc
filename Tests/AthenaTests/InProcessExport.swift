@testable import Athena
import AWS
import BatchExport
import Clock
import Foundation
import HTTPTransport
import InMemoryLogging
import JSON
import Logging
import Loopback
import SystemPackage
import Testing
import TestSupport
import Threading

/// A whole export in this process: everything is real except the network, the clock and random numbers.
struct InProcessExport: Sendable {
    let athena: FakeAthena
    let parent: FilePath
    /// nil if the export has no client for S3, and can only ask Athena.
    var source: SourceMode?
    var time = VirtualTime()
    var maxAttempts = 10
    var format = FileFormat.csv
    var batchRows = 20
    var changes: ChangeOptions?
    var pageBytes = AthenaClient.standardPageBytes
    var ranges = RangeSizes(bytes: 64, inFlight: 4)
    var query = AthenaExport.QueryChoice.start(AthenaQuery(statement: "SELECT * FROM test_rows"))
    var runID = "nightly"
    /// Changes the options of the export.
    var change: @Sendable (inout AthenaExport.Options) -> Void = { _ in }
    /// The fault of a call instead of, or before, its answer; see ``DirectTransport``.
    var fault: @Sendable (PendingCall) throws -> HTTPResponse? = { _ in nil }
    /// A transport to use instead of ``DirectTransport``.
    var transport: (any HTTPTransport)?
    var log = InMemoryLogHandler(level: .info)
    private let objects: ObjectFaults

    /// - Parameter objectFault: the fault of each request for an object, counted from 1.
    init(
        _ athena: FakeAthena, in directory: String, source: SourceMode? = nil,
        objectFault: @escaping @Sendable (Int) -> ObjectFaults.Fault? = { _ in nil }
    ) {
        self.athena = athena
        self.source = source
        parent = FilePath(directory)
        objects = ObjectFaults(objectFault)
    }

    var directory: ExportDirectory { ExportDirectory(parent: parent, table: "customers") }

    /// Everything that a loader may read, by name.
    var files: [String: Data] {
        TestMachine.files(below: directory.path.string)
            .filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("rejected/") }
    }

    func manifest() throws -> JSONField { try document(directory.manifest) }

    /// A member of the run in the manifest.
    func manifest(_ member: String) throws -> String? {
        try manifest().member("runs").elements()[0].optionalMember(member)?.string()
    }

    func state() throws -> JSONField { try document(directory.state) }

    private func document(_ path: FilePath) throws -> JSONField {
        JSONField(try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path.string)))))
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
    @discardableResult
    func run() async throws -> AthenaExport.Outcome {
        let settings = try AWSSettings(
            explicit: .init(region: "eu-central-1", endpointURL: "http://127.0.0.1:1"),
            environment: AWSEnvironment([:]), sharedConfig: SharedConfig(config: nil, credentials: nil))
        let credentials = ExplicitCredentials(
            Credentials(accessKeyID: Executable.accessKeyID, secretAccessKey: Executable.secretAccessKey))
        let transport = transport ?? DirectTransport(athena, objects: objects, fault: fault)
        let retry = RetryPolicy(maxAttempts: maxAttempts)
        let client = AthenaClient(
            AWSJSONClient(
                service: .athena, targetPrefix: "AmazonAthena", endpoint: try settings.endpoint(for: .athena),
                credentials: credentials, transport: transport, retry: retry, runtime: time.runtime,
                logger: log.logger), pageBytes: pageBytes)
        let s3 = S3Client(
            endpoint: try settings.endpoint(for: .s3), credentials: credentials, transport: transport, retry: retry,
            runtime: time.runtime, logger: log.logger)
        var options = AthenaExport.Options(
            query: query, table: "customers",
            export: ExportOptions(
                primaryKey: ["customer_id"], format: format, limits: BatchLimits(rows: batchRows, bytes: 1 << 20),
                compressionLevel: 6, workers: 2, changes: changes),
            runID: runID, source: source ?? .auto)
        options.ranges = ranges
        change(&options)
        let journal = try ExportJournal(opening: directory, now: time.runtime.timestamp)
        return try await AthenaExport(
            client: client, s3: source == nil ? nil : s3, journal: journal,
            recording: transport as? RecordingTransport, options: options, runtime: time.runtime, logger: log.logger
        ).run()
    }
}

/// What happens to the requests for objects in S3, by their number from 1, over all runs of an export.
final class ObjectFaults: Sendable {
    enum Fault: Sendable {
        case lost
        /// After so many bytes of the body.
        case broken(after: Int)
    }

    private let count = Locked(0)
    private let script: @Sendable (Int) -> Fault?

    init(_ script: @escaping @Sendable (Int) -> Fault? = { _ in nil }) { self.script = script }

    func next() -> Fault? {
        script(
            count.withLock { count in
                count += 1
                return count
            })
    }
}

/// Hands requests to a ``FakeAthena`` without a socket, with the faults of scripts.
final class DirectTransport: HTTPTransport {
    private let athena: FakeAthena
    private let objects: ObjectFaults
    private let fault: @Sendable (PendingCall) throws -> HTTPResponse?
    private let counts = Locked<[String: Int]>([:])

    init(
        _ athena: FakeAthena, objects: ObjectFaults = ObjectFaults(),
        fault: @escaping @Sendable (PendingCall) throws -> HTTPResponse?
    ) {
        self.athena = athena
        self.objects = objects
        self.fault = fault
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let objectFault = request.method == "GET" ? objects.next() : nil
        if case .lost? = objectFault {
            throw HTTPTransportError.connectionLost(host: request.url.authority, reason: "Connection reset by peer")
        }
        if let operation = request.headers["X-Amz-Target"]?.split(separator: ".").last,
            let response = try fault(call(String(operation)))
        {
            return response
        }
        let answer = try await athena.answer(
            to: LoopbackServer.Request(
                method: request.method, path: request.url.path, query: request.url.query ?? "",
                headers: request.headers.map { ($0.name, $0.value) }, body: request.body, port: 1))
        guard answer.body.count <= request.limits.bodyBytes else {
            throw HTTPTransportError.bodyTooLarge(host: "athena", limit: request.limits.bodyBytes)
        }
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers[name] = value }
        var body = answer.body
        if case .broken(let length)? = objectFault { body = Array(body.prefix(length)) }
        return HTTPResponse(status: answer.status, headers: headers, body: body)
    }

    private func call(_ operation: String) -> PendingCall {
        counts.withLock { counts in
            counts[operation, default: 0] += 1
            return PendingCall(
                number: counts.values.reduce(0, +), operation: operation, operationNumber: counts[operation, default: 0]
            )
        }
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
