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
import TestSupport
import Threading

/// A whole export in this process, with fake services in this process and ranges of any size.
struct TestRun: Sendable {
    let directory: String
    var source = SourceMode.s3
    var ranges = RangeSizes(bytes: 64, inFlight: 4)
    var format = FileFormat.csv
    var batchRows = 20
    var maxAttempts = 4
    var pageBytes = AthenaClient.standardPageBytes
    var statement = "SELECT * FROM test_rows"
    var runID = "r"
    /// Changes the options of the export.
    var change: @Sendable (inout AthenaExport.Options) -> Void = { _ in }
    var log = InMemoryLogHandler(level: .info)
    private let transport: any HTTPTransport

    /// - Parameter script: the fault of each request for an object, counted from 1.
    init(
        _ athena: FakeAthena, _ directory: String, source: SourceMode = .s3,
        script: @escaping @Sendable (Int) -> FakeNetwork.Failure? = { _ in nil }
    ) {
        transport = FakeNetwork(athena, script)
        self.directory = directory
        self.source = source
    }

    /// The work of one process: to the end, or to the error that ends it.
    func run() async throws {
        let settings = try AWSSettings(
            explicit: .init(region: "eu-central-1", endpointURL: "http://127.0.0.1:1"),
            environment: AWSEnvironment([:]),
            sharedConfig: SharedConfig(config: nil, credentials: nil))
        let credentials = ExplicitCredentials(
            Credentials(accessKeyID: Executable.accessKeyID, secretAccessKey: Executable.secretAccessKey))
        let runtime = Runtime(
            now: Runtime.system.now, sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
        let retry = RetryPolicy(maxAttempts: maxAttempts)
        let client = AthenaClient(
            AWSJSONClient(
                service: .athena, targetPrefix: "AmazonAthena", endpoint: try settings.endpoint(for: .athena),
                credentials: credentials, transport: transport, retry: retry, runtime: runtime, logger: log.logger),
            pageBytes: pageBytes)
        let s3 = S3Client(
            endpoint: try settings.endpoint(for: .s3), credentials: credentials, transport: transport, retry: retry,
            runtime: runtime, logger: log.logger)
        var options = AthenaExport.Options(
            query: .start(AthenaQuery(statement: statement)), table: "t",
            export: ExportOptions(
                primaryKey: ["customer_id"], format: format, limits: BatchLimits(rows: batchRows, bytes: 128 << 20),
                compressionLevel: 6, workers: 2),
            runID: runID, source: source)
        options.ranges = ranges
        change(&options)
        let journal = try ExportJournal(
            opening: ExportDirectory(parent: FilePath(directory), table: "t"), now: runtime.timestamp)
        let export = AthenaExport(
            client: client, s3: s3, journal: journal, options: options, runtime: runtime, logger: log.logger)
        _ = try await export.run()
    }

    /// Everything that a loader may read, by name.
    var files: [String: Data] {
        TestMachine.files(below: "\(directory)/t").filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("rejected/") }
    }

    /// A member of the run in the manifest.
    func manifest(_ member: String) throws -> String? {
        try document().member("runs").elements()[0].optionalMember(member)?.string()
    }

    /// The manifest.
    func document() throws -> JSONField {
        try JSONField(
            JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/t/manifest.json")))))
    }

    func state() throws -> JSONField {
        try JSONField(
            JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/t/state.json")))))
    }
}

/// Connects to a service without a socket, and fails or breaks bodies off as a script says.
final class FakeNetwork: HTTPTransport {
    enum Failure: Sendable {
        case lost
        /// After so many bytes of the body.
        case broken(after: Int)
    }

    private let athena: FakeAthena
    private let count = Locked(0)
    private let script: @Sendable (Int) -> Failure?

    init(_ athena: FakeAthena, _ script: @escaping @Sendable (Int) -> Failure?) {
        self.athena = athena
        self.script = script
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let failure = request.method == "GET" ? script(nextNumber()) : nil
        if case .lost? = failure {
            throw HTTPTransportError.connectionLost(host: request.url.authority, reason: "Connection reset by peer")
        }
        let answer = try await athena.answer(
            to: LoopbackServer.Request(
                method: request.method, path: request.url.path, headers: request.headers.map { ($0.name, $0.value) },
                body: request.body, port: 1))
        guard answer.body.count <= request.limits.bodyBytes else {
            throw HTTPTransportError.bodyTooLarge(host: "athena", limit: request.limits.bodyBytes)
        }
        var response = HTTPResponse(status: answer.status, body: answer.body)
        for (name, value) in answer.headers { response.headers[name] = value }
        if case .broken(let length)? = failure { response.body = Array(response.body.prefix(length)) }
        return response
    }

    private func nextNumber() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

extension FakeResult {
    /// Values of every kind, NULL and repeated keys, and rows that no loader accepts.
    static let hard: FakeResult = {
        let values: [String?] = [
            "plain", "", nil, "a,b", "say \"hi\"", "\"", "\"\"", "line\nbreak", "\r\n", "\r", "\n\n\n", ",", "ends\"",
            "\"begins", "山田", "😀 e\u{301}", "\u{2028}", "\\.", "\\N", "tab\t", "a\u{0}b", " blank ", "=1+1",
            "\",\"\n\",\"", String(repeating: "long \"quoted\"\n", count: 20), "014", "\u{7f}", "ends\\",
        ]
        var result = FakeResult(rowCount: 61)
        result.states = ["SUCCEEDED"]
        result.row = { number in
            [
                number % 23 == 22 ? nil : "k\(number % 40)", values[number % values.count],
                values[(number * 7 + 3) % values.count], values[(number * 11 + 5) % values.count],
            ]
        }
        return result.inS3
    }()
}

/// Turns a fault on and off.
final class FaultSwitch: Sendable {
    private let state = Locked(true)

    var isOn: Bool { state.withLock { $0 } }

    func turnOff() { state.withLock { $0 = false } }
}
