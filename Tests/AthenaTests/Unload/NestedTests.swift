import BatchExport
import Foundation
import JSON
import Testing
import TestSupport

@testable import Athena

extension `An export by UNLOAD` {
    @Suite struct `Nested values by an ordinary query` {
        private static let nested: FakeResult = {
            var result = FakeResult.everyType
            result.columns.append(("Tags", "map"))
            let row = result.row
            result.row = { row($0) + ["{a=1}"] }
            return result.inS3
        }()

        private func setup(_ directory: String, _ source: SourceMode) -> UnloadSetup {
            var setup = UnloadSetup(Self.nested, in: directory, source: source) {
                $0.json = { _, _ in "{\"a\":1}" }
            }
            setup.run.format = .ndjson
            setup.run.change = { $0.nested = .json }
            return setup
        }

        @Test(arguments: [SourceMode.api, .s3, .auto])
        func `arrays, maps and rows are JSON, and everything else is as it was`(_ source: SourceMode) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = setup(directory, source)
                try await setup.run.run()
                let lines = try TestMachine.inflated(setup.run.files)
                let plain = try await plainLines(directory)
                #expect(lines == plain.replacing("\"Tags\":\"{a=1}\"", with: "\"Tags\":{\"a\":1}") && lines != plain)
                let columns = try setup.run.manifest().member("columns").elements()
                #expect(try columns.map { try $0.member("name").string() } == Self.nested.columns.map(\.name))
                #expect(try columns.last?.member("athena_type").string() == "map")
                #expect(try columns.last?.member("type").string() == "JSON")
                #expect(setup.athena.count(of: "StartQueryExecution") == 2)
            }
        }

        private func plainLines(_ directory: String) async throws -> String {
            var plain = InProcessExport(FakeAthena(result: Self.nested), in: "\(directory)/plain", source: .api)
            plain.format = .ndjson
            try await plain.run()
            return try TestMachine.inflated(plain.files)
        }

        @Test func `the manifest has the digest of the query itself`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = setup(directory, .api)
                try await setup.run.run()
                var plain = InProcessExport(FakeAthena(result: Self.nested), in: "\(directory)/plain", source: .api)
                plain.format = .ndjson
                try await plain.run()
                #expect(try setup.run.manifest("query_sha256") == plain.manifest("query_sha256"))
            }
        }

        @Test func `a result that is paid for is read again by its id`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = setup(directory, .api)
                try await setup.run.run()
                var again = InProcessExport(setup.athena, in: "\(directory)/again", source: .api)
                again.format = .ndjson
                let id = setup.athena.startedExecutions[1]
                again.change = {
                    $0.query = .attach(id)
                    $0.nested = .json
                }
                try await again.run()
                #expect(again.files == setup.run.files)
            }
        }

        @Test func `a query that was sent as it is has no nested JSON to read`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.knowsEveryExecution = true
                var run = InProcessExport(FakeAthena(result: result), in: directory, source: .api)
                run.change = {
                    $0.query = .attach("theirs")
                    $0.nested = .json
                }
                await #expect {
                    try await run.run()
                } throws: {
                    if case AthenaExportError.notNested("theirs") = $0 { true } else { false }
                }
            }
        }

        @Test func `a statement that is too long with the SELECT around it is an error of the statement`() async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = setup(directory, .api)
                let long = String(repeating: "x", count: AthenaQuery.maximumBytes - 60)
                setup.run.change = {
                    $0.query = .start(AthenaQuery(statement: "SELECT '\(long)'"))
                    $0.nested = .json
                }
                await #expect {
                    try await setup.run.run()
                } throws: {
                    if case AthenaExportError.unload(.statementTooLong) = $0 { true } else { false }
                }
            }
        }

        @Test func `an unfinished run continues with the same form`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let isDown = FaultSwitch()
                var setup = UnloadSetup(Self.nested, in: directory, source: .s3) { _ in
                } s3Script: {
                    $0.number > 5 && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
                }
                setup.run.change = { $0.nested = .json }
                setup.run.batchRows = 5
                await #expect(throws: AthenaExportError.self) { try await setup.run.run() }
                isDown.turnOff()
                setup.run.change = { _ in }
                await #expect(throws: ExportError.self) { try await setup.run.run() }
                setup.run.change = { $0.nested = .json }
                try await setup.run.run()
                #expect(setup.athena.count(of: "StartQueryExecution") == 2)
                #expect(setup.run.files.count == 10)
            }
        }
    }
}
