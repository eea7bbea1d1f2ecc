@testable import Athena
import BatchExport
import Foundation
import InMemoryLogging
import JSON
import Logging
import Loopback
import Testing
import TestSupport

extension `The result object` {
    @Suite struct `Fallback from a result object that cannot serve` {
        private enum Trouble: String, CaseIterable {
            case forbidden, missing, broken, whole, redirected

            var script: FaultScript {
                switch self {
                case .forbidden: { _ in .s3Error("AccessDenied", "Access Denied", status: 403) }
                case .missing: { _ in .s3Error("NoSuchKey", "The specified key does not exist.", status: 404) }
                case .broken: { _ in .s3Error("InternalError", "We encountered an internal error", status: 500) }
                case .whole: { _ in .alter { $0.status = 200 } }
                case .redirected: { _ in .s3Error("PermanentRedirect", "elsewhere", status: 301) }
                }
            }
        }

        @Test(arguments: Trouble.allCases, [1, 3])
        private func `auto continues by the API, notes why, and writes the same bytes`(
            _ trouble: Trouble, _ firstFailure: Int
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.pageRows = 7
                let expected = try await reference(result, in: directory)
                let s3 = FakeS3(result) { call in call.number >= firstFailure ? trouble.script(call) : nil }
                let athena = FakeAthena(result: result, s3: s3)
                var export = InProcessExport(athena, in: directory, source: .auto)
                export.batchRows = 5
                export.ranges = RangeSizes(bytes: 600, inFlight: 1)
                var plain = export
                plain.source = .api
                try await export.run()
                if firstFailure == 1 {
                    // The first page was requested once, for columns and rows.
                    #expect(
                        athena.calls.count {
                            $0.body.contains("NextToken") == false && $0.operation == "GetQueryResults"
                        } == 1)
                }
                #expect(try export.manifest("source") == "api")
                #expect(try export.manifest("source_note")?.contains(FakeS3.location) == true)
                #expect(export.log.text.contains("reading by GetQueryResults, not from S3"))
                let twice = try await sameWithBatches(of: 5, result, directory)
                #expect(export.files == twice)
                #expect(!expected.isEmpty)
            }
        }

        private func sameWithBatches(of rows: Int, _ result: FakeResult, _ directory: String) async throws -> [String:
            Data]
        {
            let athena = FakeAthena(result: result)
            var export = InProcessExport(athena, in: "\(directory)/batches", source: .api)
            export.batchRows = rows
            try await export.run()
            return export.files
        }

        @Test func `auto decides by location and encryption, and does not touch S3`() async throws {
            for (location, encryption, reason) in [
                (nil, nil, "managed query results"), ("s3://results/exports/result.txt", nil, "not CSV"),
                (FakeS3.location, "CSE_KMS", "CSE_KMS"), ("s3://user@evil.example/x.csv", nil, "not the place"),
                ("https://evil.example/x.csv", nil, "not the place"),
            ] as [(String?, String?, String)] {
                try await TestMachine.withTemporaryDirectory { directory in
                    var result = FakeResult.hard
                    result.pageRows = 7
                    result.outputLocation = location
                    result.encryptionOption = encryption
                    let s3 = FakeS3(result)
                    let athena = FakeAthena(result: result, s3: s3)
                    let export = InProcessExport(athena, in: directory, source: .auto)
                    try await export.run()
                    #expect(try export.manifest("source_note")?.contains(reason) == true)
                    await #expect {
                        try await InProcessExport(athena, in: "\(directory)/s3", source: .s3).run()
                    } throws: {
                        if case AthenaExportError.notInS3(let text) = $0 { text.contains(reason) } else { false }
                    }
                    #expect(s3.calls.isEmpty)
                }
            }
        }

        @Test func `a result of one page never touches S3`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3(FakeResult.hard)
                let athena = FakeAthena(result: .hard, s3: s3)
                let export = InProcessExport(athena, in: directory, source: .auto)
                try await export.run()
                #expect(try export.manifest("source") == "api")
                #expect(try export.manifest("source_note") == nil)
                #expect(s3.calls.isEmpty)
                #expect(athena.count(of: "GetQueryResults") == 1)
            }
        }

        @Test func `a result of several pages is read from S3 by auto`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.pageRows = 7
                let expected = try await reference(result, in: directory)
                let athena = FakeAthena(result: result, s3: FakeS3(result))
                let export = InProcessExport(athena, in: directory, source: .auto)
                try await export.run()
                #expect(export.files == expected)
                #expect(try export.manifest("source") == "s3")
                #expect(try export.manifest("source_note") == nil)
                #expect(athena.count(of: "GetQueryResults") == 1)
            }
        }

        @Test(arguments: [SourceMode.auto, .s3])
        func `an object that is replaced ends the run, for its rows may be of another result`(
            _ source: SourceMode
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.pageRows = 7
                let s3 = FakeS3(result) { call in call.number == 4 ? .s3Error("PreconditionFailed", status: 412) : nil }
                let athena = FakeAthena(result: result, s3: s3)
                await #expect {
                    try await InProcessExport(athena, in: directory, source: source).run()
                } throws: {
                    if case AthenaExportError.resultReplaced = $0 { true } else { false }
                }
            }
        }

        @Test(arguments: [("ETag", "\"v2\""), ("Content-Range", "bytes 64-127/999999")])
        func `an object that is replaced ends the run also at a server that ignores If-Match`(
            _ header: String, _ value: String
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3(FakeResult.hard) { call in
                    call.number >= 2 ? .alter { $0.headers[header] = value } : nil
                }
                var export = InProcessExport(FakeAthena(result: .hard, s3: s3), in: directory, source: .s3)
                export.ranges.inFlight = 1
                await #expect {
                    try await export.run()
                } throws: {
                    if case AthenaExportError.resultReplaced = $0 { true } else { false }
                }
            }
        }

        @Test func `columns that are not the result's end the run before a row is written`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var other = FakeResult.hard
                other.columns[1].name = "surname"
                let athena = FakeAthena(result: .hard, s3: FakeS3(other))
                let export = InProcessExport(athena, in: directory, source: .s3)
                await #expect {
                    try await export.run()
                } throws: {
                    if case AthenaExportError.malformedResult(_, 0, _) = $0 { true } else { false }
                }
                #expect(export.files.isEmpty)
            }
        }

        @Test func `an object that is cut off ends the run`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let content = Array(
                    "\"customer_id\",\"first_name\",\"last_name\",\"email\"\n\"a\",\"b\",\"c\",\"d".utf8)
                let athena = FakeAthena(result: .hard, s3: FakeS3(content))
                await #expect {
                    try await InProcessExport(athena, in: directory, source: .s3).run()
                } throws: {
                    if case AthenaExportError.malformedResult(_, 59, let reason) = $0 {
                        reason.contains("cut off")
                    } else {
                        false
                    }
                }
            }
        }
    }
}

extension `The result object` {
    @Suite struct `Fallback from a result object that is not UTF-8` {
        /// Row 40 of 61 has a byte of Latin-1, which the API shows as U+FFFD.
        private static let result: FakeResult = {
            var result = FakeResult(rowCount: 61)
            result.states = ["SUCCEEDED"]
            result.pageRows = 7
            result.row = { ["k\($0)", $0 == 40 ? "caf\u{fffd}" : "plain \($0)", nil, "\"q\""] }
            return result.inS3
        }()

        /// - Parameter bytes: the bytes in the object in the place of U+FFFD.
        private static func object(_ bytes: [UInt8]) -> FakeS3 {
            FakeS3(result.csv.replacing(Array("\u{fffd}".utf8), with: bytes))
        }

        private static let bad: [[UInt8]] = [[0xe9], [0xc3], [0xff, 0xfe], [0xed, 0xa0, 0x80], [0x80]]

        @Test(arguments: bad, [5, 20, 100])
        func `auto continues by the API from the last batch, and the files are those of the API`(
            _ bytes: [UInt8], _ batchRows: Int
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var plain = InProcessExport(FakeAthena(result: Self.result), in: "\(directory)/a", source: .api)
                plain.batchRows = batchRows
                try await plain.run()
                let athena = FakeAthena(result: Self.result, s3: Self.object(bytes))
                var export = InProcessExport(athena, in: "\(directory)/b", source: .auto)
                export.batchRows = batchRows
                try await export.run()
                #expect(export.files == plain.files)
                #expect(try export.manifest("source") == "api")
                #expect(try export.manifest("source_note")?.contains("not valid UTF-8") == true)
                #expect(athena.count(of: "StartQueryExecution") == 1)
            }
        }

        @Test(arguments: bad) func `s3 ends with an error, after which the same command with auto continues`(
            _ bytes: [UInt8]
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let plain = InProcessExport(FakeAthena(result: Self.result), in: "\(directory)/a", source: .api)
                try await plain.run()
                let athena = FakeAthena(result: Self.result, s3: Self.object(bytes))
                var export = InProcessExport(athena, in: "\(directory)/b", source: .s3)
                await #expect {
                    try await export.run()
                } throws: {
                    guard case AthenaExportError.resultNotUTF8(_, let offset) = $0 else { return false }
                    return offset == Self.result.csv.firstRange(of: Array("\u{fffd}".utf8))?.lowerBound
                        && "\($0)".contains("--source auto")
                }
                #expect(export.files.count == 2)
                export.source = .auto
                try await export.run()
                #expect(export.files == plain.files)
                #expect(athena.count(of: "StartQueryExecution") == 1)
            }
        }
    }
}
