import AWS
import BatchExport
import HTTPTransport
import JSON
import Logging
import Testing
import TestSupport
import Threading

@testable import Athena

@Suite(.limitedConcurrency) struct `The probe of a query's columns` {
    private let time = VirtualTime()

    private func probe(
        _ statement: String, in query: AthenaQuery, _ athena: FakeAthena,
        fault: @escaping @Sendable (PendingCall) throws -> HTTPResponse? = { _ in nil }
    ) async throws -> ProbedColumns {
        let settings = try AWSSettings(
            explicit: .init(region: "eu-central-1"), environment: AWSEnvironment([:]),
            sharedConfig: SharedConfig(config: nil, credentials: nil))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let client = AthenaClient(
            AWSJSONClient(
                service: .athena, targetPrefix: "AmazonAthena", endpoint: try settings.endpoint(for: .athena),
                credentials: ExplicitCredentials(Credentials(accessKeyID: "AKID", secretAccessKey: "secret")),
                transport: DirectTransport(athena, fault: fault), retry: RetryPolicy(maxAttempts: 3),
                runtime: time.runtime, logger: logger))
        return try await ColumnProbe(client: client, runtime: time.runtime, logger: logger)
            .columns(of: try InnerStatement(statement), in: query)
    }

    private static var withoutRows: FakeResult {
        var result = FakeResult(rowCount: 0)
        result.columns = [("Id", "bigint"), ("price", "decimal(38,10)"), ("tags", "array"), ("_col3", "varchar")]
        result.effectiveEngineVersion = "Athena engine version 3"
        return result.inS3
    }

    @Test func `the probe is sent with the context and the parameters of the query, around its text`() async throws {
        let athena = FakeAthena(result: Self.withoutRows)
        _ = try await probe(
            "SELECT * FROM t WHERE a > ? -- last\n;",
            in: AthenaQuery(
                statement: "", parameters: ["1"], database: "d", catalog: "c", workGroup: "w",
                outputLocation: "s3://results/p/", expectedBucketOwner: "111122223333", reusedResultMinutes: 60), athena
        )
        let call = try #require(athena.calls.first { $0.operation == "StartQueryExecution" })
        let request = JSONField(try JSONValue(parsing: Array(call.body.utf8)))
        #expect(
            try request.member("QueryString").string()
                == "SELECT * FROM (\nSELECT * FROM t WHERE a > ? -- last\n) LIMIT 0")
        #expect(try request.member("ExecutionParameters").strings() == ["1"])
        #expect(try request.member("QueryExecutionContext").member("Database").string() == "d")
        #expect(try request.member("QueryExecutionContext").member("Catalog").string() == "c")
        #expect(try request.member("WorkGroup").string() == "w")
        #expect(try request.optionalMember("ResultReuseConfiguration") == nil)
        #expect(try request.member("ResultConfiguration").member("OutputLocation").string() == "s3://results/p/")
    }

    @Test func `the probe gives the columns as the result has them, and the place of the result`() async throws {
        let columns = try await probe("SELECT 1", in: AthenaQuery(statement: ""), FakeAthena(result: Self.withoutRows))
        #expect(columns.columns.map(\.name) == ["Id", "price", "tags", "_col3"])
        #expect(columns.columns.map(\.typeDescription) == ["bigint", "decimal(38,10)", "array", "varchar"])
        #expect(columns.columns.map(\.type) == [.long, .decimal, .string, .string])
        #expect(columns.outputLocation == FakeS3.location)
        #expect(columns.engineVersion == "Athena engine version 3")
    }

    @Test func `the probe is sent with another token each time`() async throws {
        let athena = FakeAthena(result: Self.withoutRows)
        _ = try await probe("SELECT 1", in: AthenaQuery(statement: ""), athena)
        _ = try await probe("SELECT 1", in: AthenaQuery(statement: ""), athena)
        #expect(athena.executionIDs.count == 2)
    }

    private static var running: FakeResult {
        var result = withoutRows
        result.states = ["RUNNING"]
        return result
    }

    @Test(arguments: [true, false]) func `a probe that takes too long is stopped, and the error says what it was`(
        _ canBeStopped: Bool
    ) async throws {
        let athena = FakeAthena(result: Self.running)
        await #expect {
            _ = try await probe("SELECT 1", in: AthenaQuery(statement: ""), athena) { call in
                !canBeStopped && call.operation == "StopQueryExecution"
                    ? HTTPResponse(status: 400, body: Array("{}".utf8)) : nil
            }
        } throws: {
            let text = "\($0)"
            return text.contains("costs nothing") && text.contains("--query-timeout") && text.contains("asks again")
                && text.contains("and was stopped") == canBeStopped && !text.contains("pays")
        }
        #expect(athena.count(of: "StopQueryExecution") == (canBeStopped ? 1 : 0))
        #expect(time.total >= .seconds(1790))
    }

    @Test func `a probe that is cancelled is stopped`() async throws {
        let athena = FakeAthena(result: Self.running)
        let task = Locked<Task<Void, any Error>?>(nil)
        let probing = Task {
            while task.withLock({ $0 == nil }) { await Task.yield() }
            _ = try await probe("SELECT 1", in: AthenaQuery(statement: ""), athena) { call in
                if call.operation == "GetQueryExecution" { task.withLock { $0?.cancel() } }
                return nil
            }
        }
        task.withLock { $0 = probing }
        await #expect(throws: CancellationError.self) { try await probing.value }
        #expect(athena.count(of: "StopQueryExecution") == 1)
    }

    @Test func `the probe ends with Athena's reason if the query is refused`() async throws {
        let athena = FakeAthena(result: Self.withoutRows)
        let body =
            #"{"__type": "InvalidRequestException", "AthenaErrorCode": "MALFORMED_QUERY", "Message": "line 1:8"}"#
        await #expect {
            _ = try await probe("SELECT", in: AthenaQuery(statement: ""), athena) { call in
                call.operation == "StartQueryExecution" ? HTTPResponse(status: 400, body: Array(body.utf8)) : nil
            }
        } throws: {
            if case AthenaExportError.statementRefused("line 1:8") = $0 { true } else { false }
        }
    }

    @Test func `the probe ends with Athena's reason if the query fails`() async throws {
        var result = Self.withoutRows
        result.states = ["FAILED"]
        result.stateChangeReason = "COLUMN_NOT_FOUND: line 1:8"
        result.athenaError = ["ErrorCategory": .integer(2), "ErrorType": .integer(1006)]
        await #expect {
            _ = try await probe("SELECT x", in: AthenaQuery(statement: ""), FakeAthena(result: result))
        } throws: {
            guard case AthenaExportError.queryEnded(_, "FAILED", "COLUMN_NOT_FOUND: line 1:8"?, _, .correctIt) = $0
            else { return false }
            return true
        }
    }
}
