import Foundation
import JSON
import Loopback
import Testing
import TestSupport
import Threading

/// What an UNLOAD may have written and answered, and how the command ends with it.
private struct UnloadCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var status: Int32 = 0
    /// Of the error.
    var words: [String] = []
    var rowCount = 50
    var settings: @Sendable (inout FakeUnload.Settings) -> Void = { _ in }
    var athenaScript: FaultScript = { _ in nil }
    var s3Script: FaultScript = { _ in nil }
    /// How the execution ends instead of writing anything.
    var failure: String?

    init(_ name: String, _ change: (inout UnloadCase) -> Void) {
        testDescription = name
        change(&self)
    }

    static let read = [
        UnloadCase("lines as Trino spells them") { $0.settings = { $0.writer = .trino } },
        UnloadCase("lines as Hive spells them") { $0.settings = { $0.writer = .hive } },
        UnloadCase("no rows and an empty list") { $0.rowCount = 0 },
        UnloadCase("no rows and no list") {
            $0.rowCount = 0
            $0.settings = {
                $0.hasManifestObject = false
                $0.answersDataManifest = false
            }
        },
        UnloadCase("objects whose names do not end with .gz") { $0.settings = { $0.suffix = "" } },
        UnloadCase("objects of plain text") { $0.settings = { $0.isCompressed = false } },
        UnloadCase("objects of two gzip members") { $0.settings = { $0.members = 2 } },
        UnloadCase("thirty objects") { $0.settings = { $0.objects = 30 } },
        UnloadCase("lines without the names of NULL") {
            $0.settings = {
                $0.changeLine = { _, line in line = line.replacing(Array(",\"c0003\":null".utf8), with: []) }
            }
        },
        UnloadCase("a start whose answer is lost") {
            $0.athenaScript = {
                guard $0.operation == "StartQueryExecution", $0.operationNumber == 3 else { return nil }
                return .alter { $0.status = 503 }
            }
        },
    ]

    static let refused = [
        UnloadCase("a list with an object of another bucket") {
            $0.settings = { $0.changeManifest = { $0.append("s3://other/unloaded/x.gz") } }
            $0.words = ["the list of unloaded objects", "--restart"]
        },
        UnloadCase("a list with an object twice") {
            $0.settings = { $0.changeManifest = { $0.append($0[0]) } }
            $0.words = ["the list of unloaded objects", "--restart"]
        },
        UnloadCase("rows and no list") {
            $0.settings = {
                $0.hasManifestObject = false
                $0.answersDataManifest = false
            }
            $0.words = ["counts 50 rows", "--restart"]
        },
        UnloadCase("an object that is cut short") {
            $0.settings = { $0.changeObject = { object, bytes in if object == 1 { bytes.removeLast(30) } } }
            $0.words = ["c0001", "--restart"]
        },
        UnloadCase("an object with a wrong CRC") {
            $0.settings = { $0.changeObject = { object, bytes in if object == 1 { bytes[bytes.count - 6] ^= 1 } } }
            $0.words = ["c0001", "--restart"]
        },
        UnloadCase("an object that is replaced under the run") {
            // The list, how large its three objects are, and the first of them.
            $0.s3Script = {
                $0.operation == "GetObject" && $0.number > 5 ? .s3Error("PreconditionFailed", status: 412) : nil
            }
            $0.words = ["is another one than at the beginning", "--restart"]
        },
        UnloadCase("a line with an unknown name") {
            $0.settings = {
                $0.changeLine = { row, line in
                    if row == 33 { line = line.replacing(Array("\"c0001\"".utf8), with: Array("\"other\"".utf8)) }
                }
            }
            $0.words = ["a name is none of the columns'", "--restart"]
        },
        UnloadCase("one row less than Athena counts") {
            $0.settings = { $0.updateCount = { $0 + 1 } }
            $0.words = ["have 50 rows, and Athena counts 51", "--restart"]
        },
        UnloadCase("a target that is not empty") {
            $0.failure = "HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists"
            $0.status = 1
            $0.words = ["--restart"]
        },
        UnloadCase("a cast that Athena cannot do") {
            $0.failure = "TYPE_MISMATCH: Cannot cast unknown to varchar"
            $0.status = 1
            $0.words = ["TYPE_MISMATCH"]
        },
        UnloadCase("a token that was used with another text") {
            $0.athenaScript = {
                guard $0.operation == "StartQueryExecution", $0.operationNumber == 3 else { return nil }
                return .error("InvalidRequestException", "Idempotent parameters do not match")
            }
            $0.status = 78
            $0.words = ["Idempotent parameters do not match", "--restart --query-execution-id"]
        },
    ].map { refused in
        var refused = refused
        if refused.status == 0 { refused.status = 65 }
        return refused
    }
}

/// Runs of the command against an Athena that unloads as a case says, until it is fixed.
private struct UnloadService {
    let athena: FakeAthena
    private let isFixed: Locked<Bool>

    init(_ shown: UnloadCase) {
        let result = Self.result(shown.rowCount)
        let isFixed = Locked(false)
        let unlessFixed = { @Sendable (script: @escaping FaultScript) -> FaultScript in
            { call in isFixed.withLock { $0 } ? nil : script(call) }
        }
        let s3 = FakeS3([], script: unlessFixed(shown.s3Script))
        var settings = FakeUnload.Settings()
        shown.settings(&settings)
        let broken = FakeUnload(result, s3: s3, settings: settings)
        let whole = FakeUnload(result, s3: s3)
        self.isFixed = isFixed
        athena = FakeAthena(
            result: result, s3: s3, isSigned: isSigned, script: unlessFixed(shown.athenaScript),
            evaluate: { request in
                let statement = try request.member("QueryString").string()
                if isFixed.withLock({ $0 }) { return try await whole.evaluate(statement) }
                var evaluated = try await broken.evaluate(statement)
                if let failure = shown.failure, evaluated.substatementType == "UNLOAD" {
                    evaluated.states = ["FAILED"]
                    evaluated.stateChangeReason = failure
                    evaluated.athenaError = ["ErrorCategory": .integer(2)]
                }
                return evaluated
            })
    }

    func fix() { isFixed.withLock { $0 = true } }

    private static func result(_ rowCount: Int) -> FakeResult {
        let values: [String?] = ["plain", "", nil, "a,\"b\"\r\nc", "😀 é\u{2028}", "\\.", " "]
        var result = FakeResult(rowCount: rowCount) { row in
            [row == 41 ? nil : "k\(row % 43)"] + (1...3).map { values[(row * $0 + $0) % values.count] }
        }
        result.states = ["SUCCEEDED"]
        return result.inS3
    }
}

@Suite(.limitedConcurrency) struct `Ends of an export by UNLOAD` {
    private static func arguments(_ url: String, _ directory: String, _ source: String, _ format: String) -> [String] {
        [
            "--endpoint-url", url, "--output", "\(directory)/\(source)", "--source", source, "--format", format,
            "--batch-rows", "20", "--run-id", "nightly",
        ]
    }

    /// Whatever a loader may read, by name.
    private static func files(_ directory: String, _ source: String) -> [String: Data] {
        TestMachine.files(below: "\(directory)/\(source)/customers")
            .filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("rejected/") }
    }

    @Test(arguments: UnloadCase.read, ["csv", "ndjson"])
    private func `an export by UNLOAD succeeds with the files of the API, however objects and answers come`(
        _ shown: UnloadCase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let service = UnloadService(shown)
            try await service.athena.serve { url in
                for source in ["api", "unload"] {
                    let outcome = try await Executable.run(Self.arguments(url, directory, source, format))
                    #expect(outcome.status == 0, "\(source): \(outcome.errors)")
                }
            }
            #expect(Self.files(directory, "unload") == Self.files(directory, "api"))
            #expect(Self.files(directory, "unload").isEmpty == (shown.rowCount == 0))
            #expect(service.athena.startedUnloads == 1)
        }
    }

    @Test(arguments: UnloadCase.refused, ["csv", "ndjson"])
    private func `an export by UNLOAD ends with a status for each fault, and --restart exports all the rows`(
        _ shown: UnloadCase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let service = UnloadService(shown)
            try await service.athena.serve { url in
                let plain = try await Executable.run(Self.arguments(url, directory, "api", format))
                #expect(plain.status == 0, "\(plain.errors)")
                let expected = Self.files(directory, "api")
                let arguments = Self.arguments(url, directory, "unload", format)
                expectError(try await Executable.run(arguments), shown.status, shown.words)
                #expect(Self.files(directory, "unload").allSatisfy { $0.value == expected[$0.key] })
                #expect(service.athena.startedUnloads <= 1)
                service.fix()
                let restarted = try await Executable.run(arguments + ["--restart"])
                #expect(restarted.status == 0, "\(restarted.errors)")
                #expect(try await merge("\(directory)/unload/customers") == merge("\(directory)/api/customers"))
            }
        }
    }
}

extension FakeAthena {
    /// How many different UNLOADs were started.
    fileprivate var startedUnloads: Int {
        Set(calls.filter { $0.operation == "StartQueryExecution" && $0.body.contains("UNLOAD") }.map(\.body)).count
    }
}
