import AWS
import BatchExport
import Foundation
import HTTPTransport
import JSON
import Loopback
import SystemPackage
import Testing
import TestSupport

@testable import Athena

extension `An export by UNLOAD` {
    @Suite struct `An UNLOAD that is interrupted` {
        @Test func `a run that ends at any call to S3 is completed to the same bytes from the same UNLOAD`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await UnloadSetup(.hard, in: directory).reference(.hard)
                let whole = UnloadSetup(.hard, in: "\(directory)/whole") { $0.objects = 5 }
                try await whole.run.run()
                for number in stride(from: 1, through: whole.s3.calls.count, by: 7) {
                    let isDown = FaultSwitch()
                    var setup = UnloadSetup(.hard, in: "\(directory)/\(number)") {
                        $0.objects = 5
                    } s3Script: {
                        $0.number >= number && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
                    }
                    setup.run.batchRows = 20
                    let hasEnded = (try? await setup.run.run()) != nil
                    isDown.turnOff()
                    setup.run.ranges.bytes = 100
                    if !hasEnded { try await setup.run.run() }
                    #expect(setup.run.files == expected, "call \(number)")
                    #expect(setup.unloads.count == 1, "call \(number)")
                    #expect(Set(setup.athena.startedExecutions).count == 2, "a probe and an UNLOAD, call \(number)")
                }
            }
        }

        @Test(arguments: [true, false]) func `a line longer than a row may be ends the run before it`(
            _ isCompressed: Bool
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory) {
                    $0.isCompressed = isCompressed
                    $0.changeLine = { row, line in
                        if row == 45 { line.insert(contentsOf: [UInt8](repeating: 0x20, count: 2 << 20), at: 1) }
                    }
                }
                setup.run.ranges = RangeSizes(bytes: 100_000, inFlight: 2)
                setup.run.ranges.longestRow = 1000
                for _ in 1...2 {
                    let error = try await setup.run.fails(with: ExportError.self)
                    guard case .resultRowTooLong(46, 1000) = error else { throw error }
                    #expect(setup.run.files.keys.count { $0.hasPrefix("data/") } == 2)
                }
                #expect(setup.unloads.count == 1)
            }
        }

        @Test func `a start whose answer is lost is repeated with the same text and token`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory) { _ in
                } script: {
                    $0.operation == "StartQueryExecution" && $0.operationNumber == 2
                        ? .alter { $0 = LoopbackServer.Answer(status: 503) } : nil
                }
                try await setup.run.run()
                #expect(setup.unloads.count == 1)
                #expect(setup.athena.executionIDs.count == 2)
                #expect(setup.athena.count(of: "StartQueryExecution") == 3)
            }
        }

        @Test func `a run that ends before the start is known sends the same text again, whatever the columns are now`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let isDown = FaultSwitch()
                let setup = UnloadSetup(.hard, in: directory) { _ in
                } script: {
                    $0.operation == "StartQueryExecution" && $0.operationNumber >= 2 && isDown.isOn
                        ? .alter { $0 = LoopbackServer.Answer(status: 503) } : nil
                }
                await #expect(throws: (any Error).self) { try await setup.run.run() }
                isDown.turnOff()
                try await setup.run.run()
                #expect(setup.unloads.count == 1)
                #expect(setup.athena.executionIDs.count == 2)
            }
        }

        @Test func `a start that finds objects at its target is not sent again by itself`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.states = ["FAILED"]
                result.stateChangeReason = "HIVE_PATH_ALREADY_EXISTS: Target directory for table"
                result.athenaError = ["ErrorCategory": .integer(2)]
                let setup = UnloadSetup(.hard, in: directory)
                let other = FakeUnload(.hard, s3: setup.s3)
                // Another start of the same run has written already.
                let athena = FakeAthena(
                    result: result,
                    evaluate: { [result] request in
                        let statement = try request.member("QueryString").string()
                        guard statement.hasPrefix("UNLOAD") else { return try await other.evaluate(statement) }
                        var failed = result
                        failed.query = statement
                        failed.substatementType = "UNLOAD"
                        return failed
                    })
                let run = InProcessExport(athena, in: directory, source: .unload)
                for _ in 1...2 {
                    await #expect {
                        try await run.run()
                    } throws: {
                        guard case AthenaExportError.unload(.targetExists) = $0 else { return false }
                        return "\($0)".contains("--restart --query-execution-id")
                    }
                }
                #expect(athena.count(of: "StartQueryExecution") == 2)
            }
        }

        @Test func `a query that fails for a reason of Athena's own is sent again to another target`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.athenaError = ["ErrorCategory": .integer(1), "Retryable": .bool(true)]
                // The probe is the first execution.
                result.failedExecutions = 0
                let setup = UnloadSetup(result, in: directory)
                let fake = FakeUnload(result, s3: setup.s3)
                let unload = FaultSwitch()
                let athena = FakeAthena(
                    result: result, s3: setup.s3,
                    evaluate: { request in
                        var evaluated = try await fake.evaluate(try request.member("QueryString").string())
                        if evaluated.substatementType == "UNLOAD", unload.isOn {
                            unload.turnOff()
                            evaluated.states = ["FAILED"]
                        }
                        return evaluated
                    })
                var run = InProcessExport(athena, in: directory, source: .unload)
                run.change = { $0.unloadTarget = S3Prefix(UnloadSetup.target) }
                let expected = try await setup.reference(.hard)
                try await run.run()
                #expect(run.files == expected)
                let targets = athena.calls.compactMap {
                    $0.body.firstRange(of: "unloaded/customers/nightly/").map { $0.upperBound }
                }
                #expect(targets.count == 2)
                #expect(athena.calls.contains { $0.body.contains("unloaded/customers/nightly/2-") })
            }
        }

        @Test(arguments: [".", "..", "...", "a b", "run/1"])
        func `a run of any name is continued where it was interrupted`(_ name: String) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory) {
                    $0.objects = 2
                } s3Script: {
                    $0.number == 12 ? .s3Error("AccessDenied", status: 403) : nil
                }
                setup.run.runID = name
                setup.run.ranges.bytes = 64
                await #expect(throws: AthenaExportError.self) { try await setup.run.run() }
                try await setup.run.run()
                let expected = try await setup.reference(.hard)
                #expect(setup.run.files == expected)
                #expect(setup.unloads.count == 1)
            }
        }

        @Test func `a place that is too long for the objects is refused before anything is unloaded`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory)
                // "s3://results/", and behind it "customers/nightly/1-01234567/".
                for (bytes, isRefused) in [(680 - 13 - 29, false), (680 - 13 - 28, true)] {
                    let target = S3Prefix("s3://results/\(String(repeating: "p", count: bytes - 1))/")
                    try #require(target != nil)
                    setup.run.change = { $0.unloadTarget = target }
                    setup.run.runID = isRefused ? "another" : "nightly"
                    if isRefused {
                        await setup.fails { $0 == .targetTooLong(bytes: 681, limit: 680) }
                    } else {
                        try await setup.run.run()
                    }
                }
                #expect(setup.unloads.count == 1)
            }
        }

        @Test func `a state with a very long list of objects is read again`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let target = SentQuery.Unload.first(below: "s3://bucket/p/", table: "t", runID: "r", token: "01234567")
                var sent = try SentQuery(
                    unloading: InnerStatement("SELECT 1"), columns: [], parameters: [], to: target)
                let name = String(repeating: "n", count: 200)
                sent.unload?.rows = SentQuery.Rows(
                    objects: try (0..<80_000).map {
                        UnloadedObject(
                            location: try #require(S3Location("\(target.target)\($0)-\(name).gz")), size: $0,
                            etag: "\"e\"")
                    }, count: nil)
                var state = ExportState(
                    runID: "r", request: ExportRequest([]), startedAt: "now", firstBatch: 1,
                    phase: .starting(clientRequestToken: "01234567"))
                state.sourceState = sent.json
                let table = ExportDirectory(parent: FilePath(directory), table: "customers")
                try await ExportJournal(opening: table, now: { "2026-01-02T00:00:00Z" }).save(state)
                #expect(TestMachine.files(below: directory)["customers/state.json"]?.count ?? 0 > 20 << 20)
                let read = try #require(try ExportJournal.read(table).1?.sourceState)
                #expect(try SentQuery(JSONField(read)) == sent)
            }
        }

        @Test(arguments: [("size", "9223372036854775807"), ("size", "-1"), ("start", "9223372036854775807")])
        func `a number in the state that is out of range is an error that names it`(_ member: String, _ number: String)
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory) { _ in
                } s3Script: {
                    $0.number == 8 ? .s3Error("AccessDenied", status: 403) : nil
                }
                setup.run.ranges.bytes = 64
                await #expect(throws: AthenaExportError.self) { try await setup.run.run() }
                let path = "\(directory)/customers/state.json"
                let state = try String(contentsOfFile: path, encoding: .utf8)
                let changed = state.replacing(try Regex("\"\(member)\": [0-9]+"), with: "\"\(member)\": \(number)")
                try #require(changed != state)
                try changed.write(toFile: path, atomically: true, encoding: .utf8)
                let error = try await setup.run.fails(with: ExportError.self)
                #expect("\(error)".contains(member) && "\(error)".contains(number))
                #expect(setup.unloads.count == 1)
            }
        }

        @Test func `an unfinished run cannot be continued from another source`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory) {
                    $0.objects = 2
                } s3Script: {
                    $0.number == 12 ? .s3Error("AccessDenied", status: 403) : nil
                }
                setup.run.ranges.bytes = 64
                await #expect(throws: AthenaExportError.self) { try await setup.run.run() }
                for source in [SourceMode.auto, .api, .s3] {
                    setup.run.source = source
                    await #expect {
                        try await setup.run.run()
                    } throws: {
                        guard case ExportError.otherRequest(let differences, _) = $0 else { return false }
                        return differences == ["source was unload, is not set"]
                    }
                }
                setup.run.source = .unload
                try await setup.run.run()
                #expect(setup.unloads.count == 1)
            }
        }
    }

    @Suite struct `An UNLOAD that is named by its id` {
        private func id(of setup: UnloadSetup, at index: Int) -> String { setup.athena.startedExecutions[index] }

        @Test func `an UNLOAD of this program is read again by its id`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory)
                setup.run.change = {
                    $0.unloadTarget = S3Prefix(UnloadSetup.target)
                    $0.keepsUnloaded = true
                }
                try await setup.run.run()
                let expected = setup.run.files
                var again = InProcessExport(setup.athena, in: "\(directory)/again", source: .unload)
                let id = id(of: setup, at: 1)
                again.change = { $0.query = .attach(id) }
                try await again.run()
                #expect(again.files == expected)
                #expect(setup.unloads.count == 1)
                #expect(setup.athena.count(of: "StartQueryExecution") == 3)
            }
        }

        @Test func `a query that is no UNLOAD of this program is refused and blocks no other`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.knowsEveryExecution = true
                result.query = "UNLOAD (SELECT 1 AS a) TO 's3://b/p/' WITH (format = 'JSON')"
                result.substatementType = "UNLOAD"
                var run = InProcessExport(FakeAthena(result: result), in: directory, source: .unload)
                run.change = { $0.query = .attach("theirs") }
                await #expect {
                    try await run.run()
                } throws: {
                    if case AthenaExportError.unload(.foreign("theirs")) = $0 { true } else { false }
                }
                try await UnloadSetup(.hard, in: directory).run.run()
            }
        }

        @Test func `an UNLOAD of this program needs its source`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory)
                try await setup.run.run()
                var plain = InProcessExport(setup.athena, in: "\(directory)/plain", source: .auto)
                let id = id(of: setup, at: 1)
                plain.change = { $0.query = .attach(id) }
                await #expect {
                    try await plain.run()
                } throws: {
                    if case AthenaExportError.unload(.needsSource(id)) = $0 { true } else { false }
                }
            }
        }
    }
}
