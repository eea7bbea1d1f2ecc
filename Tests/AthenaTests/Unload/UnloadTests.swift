import AWS
import BatchExport
import Foundation
import HTTPTransport
import JSON
import Testing
import TestSupport

@testable import Athena

/// One at a time: every test runs whole exports.
@Suite(.serialized) enum `An export by UNLOAD` {
    @Suite struct `Rows that an UNLOAD has written` {
        @Test(arguments: [FileFormat.csv, .ndjson], FakeUnload.Writer.allCases)
        func `the bytes are those of the API for every type that is not nested, however the writer spells them`(
            _ format: FileFormat, _ writer: FakeUnload.Writer
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.everyType, in: directory) { $0.writer = writer }
                setup.run.format = format
                let expected = try await setup.reference(.everyType)
                try await setup.run.run()
                #expect(setup.run.files == expected)
                #expect(try setup.run.manifest("source") == "unload")
                #expect(try setup.run.manifest("source_note") == nil)
                #expect(setup.objects.isEmpty)
            }
        }

        @Test(arguments: [50, 333, 1 << 20]) func `the bytes do not depend on ranges and objects`(
            _ bytes: Int
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await UnloadSetup(.hard, in: directory).reference(.hard)
                for objects in [1, 7, 30] {
                    var setup = UnloadSetup(.hard, in: "\(directory)/\(objects)") { $0.objects = objects }
                    setup.run.ranges = RangeSizes(bytes: bytes, inFlight: 1 + objects % 4, parsed: 1 + objects % 3)
                    try await setup.run.run()
                    #expect(setup.run.files == expected, "\(objects) objects")
                }
            }
        }

        @Test(
            arguments: [
                { $0.suffix = "" }, { $0.isCompressed = false }, { $0.members = 2 }, { $0.hasManifestObject = false },
                { $0.answersDataManifest = false },
                {
                    $0.changeLine = { row, line in
                        if row % 2 == 0 { line = line.replacing(Array("null".utf8), with: Array(" null ".utf8)) }
                    }
                },
                { settings in
                    settings.changeLine = { row, line in
                        if row == 60 { line.removeLast() }
                    }
                },
            ] as [@Sendable (inout FakeUnload.Settings) -> Void])
        func `the bytes are the same however the objects and their list come`(
            _ change: @Sendable (inout FakeUnload.Settings) -> Void
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory, change)
                let expected = try await setup.reference(.hard)
                try await setup.run.run()
                #expect(setup.run.files == expected)
            }
        }

        @Test func `a name that is missing in a line is NULL`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory) {
                    $0.changeLine = { _, line in
                        line = line.replacing(Array(",\"c0003\":null".utf8), with: [])
                    }
                }
                let expected = try await setup.reference(.hard)
                try await setup.run.run()
                #expect(setup.run.files == expected)
            }
        }

        @Test func `a line of 20 MB is read`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult(rowCount: 3)
                result.states = ["SUCCEEDED"]
                let long = String(repeating: "a long value ", count: 20_000_000 / 13)
                result.row = { ["k\($0)", $0 == 1 ? long : "short", nil, nil] }
                var setup = UnloadSetup(result, in: directory) {
                    $0.objects = 1
                    $0.writer = .hive
                }
                setup.run.ranges = .standard
                let expected = try await setup.reference(result)
                try await setup.run.run()
                #expect(setup.run.files == expected)
            }
        }

        @Test(arguments: [true, false]) func `a result without rows may have an empty list or none`(
            _ hasList: Bool
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.rowCount = 0
                let setup = UnloadSetup(result, in: directory) {
                    $0.hasManifestObject = hasList
                    $0.answersDataManifest = hasList
                }
                try await setup.run.run()
                #expect(setup.run.files.isEmpty)
                #expect(try setup.run.state().member("status").string() == "succeeded")
            }
        }

        @Test func `nested columns are JSON, whose type the manifest names`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.columns[2] = ("Tags", "array")
                var setup = UnloadSetup(result, in: directory) {
                    $0.json = { row, _ in "[\(row % 2),null,{\"a\":\"😀\"}]" }
                }
                setup.run.format = .ndjson
                setup.run.batchRows = 100
                try await setup.run.run()
                let column = try setup.run.manifest().member("columns").elements()[2]
                #expect(try column.member("name").string() == "Tags")
                #expect(try column.member("athena_type").string() == "array")
                #expect(try column.member("type").string() == "JSON")
                let lines = try TestMachine.inflated(setup.run.files)
                #expect(lines.contains("\"Tags\":[1,null,{\"a\":\"😀\"}]"))
            }
        }
    }

    @Suite struct `What is unloaded and what it costs` {
        @Test func `a column of a type without an exact text ends the run before anything is unloaded`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.columns[1].type = "geometry"
                let setup = UnloadSetup(result, in: directory)
                await setup.fails { $0 == .unsupportedColumn(name: "first_name", type: "geometry") }
                #expect(setup.unloads.isEmpty)
            }
        }

        @Test func `columns that do not fit the key or the directory end the run before anything is unloaded`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                var other = FakeResult.hard
                other.columns[0].name = "id"
                var setup = UnloadSetup(other, in: directory)
                await #expect(throws: ExportError.self) { try await setup.run.run() }
                #expect(setup.unloads.isEmpty)
                other = .hard
                other.columns[1].type = "array"
                try await UnloadSetup(.hard, in: directory).run.run()
                setup = UnloadSetup(other, in: directory)
                setup.run.runID = "second"
                await #expect(throws: ExportError.self) { try await setup.run.run() }
                #expect(setup.unloads.isEmpty)
            }
        }

        @Test func `results that the client would decrypt and a missing place end the run before anything is unloaded`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.encryptionOption = "CSE_KMS"
                var setup = UnloadSetup(result, in: directory)
                await setup.fails { $0 == .clientSideEncryption }
                result.encryptionOption = nil
                result.outputLocation = nil
                setup = UnloadSetup(result, in: directory)
                setup.run.change = { _ in }
                await setup.fails { $0 == .noTarget }
                #expect(setup.unloads.isEmpty)
            }
        }

        @Test func `without a place that is named, the objects lie beside the results`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory)
                setup.run.change = { $0.keepsUnloaded = true }
                try await setup.run.run()
                #expect(
                    setup.s3.objects(below: "s3://results/exports/athena-export-unload/customers/nightly/1-").count == 3
                )
            }
        }

        @Test func `objects stay if they are to be kept, and then the next run does not remove them`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.hard, in: directory)
                setup.run.change = {
                    $0.unloadTarget = S3Prefix(UnloadSetup.target)
                    $0.keepsUnloaded = true
                }
                try await setup.run.run()
                #expect(setup.objects.count == 3)
                setup.run.change = { $0.unloadTarget = S3Prefix(UnloadSetup.target) }
                try await setup.run.run()
                #expect(setup.objects.count == 3)
            }
        }

        @Test func `objects that cannot be removed are told, and the next command removes them`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let isDown = FaultSwitch()
                let setup = UnloadSetup(.hard, in: directory) { _ in
                } s3Script: {
                    $0.operation == "DeleteObject" && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
                }
                try await setup.run.run()
                #expect(setup.objects.count == 3)
                #expect(setup.run.log.text.contains("could not be removed"))
                isDown.turnOff()
                try await setup.run.run()
                #expect(setup.objects.isEmpty)
                #expect(setup.unloads.count == 1)
            }
        }

        @Test func `ORDER BY and arbitrary duplicates are told`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var setup = UnloadSetup(.everyType, in: directory)
                setup.run.query = .start(AthenaQuery(statement: "SELECT * FROM test_rows ORDER BY 1"))
                setup.run.batchRows = 50
                try await setup.run.run()
                #expect(setup.run.log.text.contains("does not keep their order"))
                #expect(setup.run.log.text.contains("arbitrary which one stands"))
            }
        }
    }
}
