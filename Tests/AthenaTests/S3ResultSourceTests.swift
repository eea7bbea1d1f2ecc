@testable import Athena
import AWS
import BatchExport
import Foundation
import HTTPTransport
import JSON
import TestSupport
import Testing

/// The files of an export by the API.
private func reference(
    _ result: FakeResult, _ format: FileFormat = .csv, in directory: String
) async throws -> [String: Data] {
    let athena = FakeAthena(result: result)
    var export = TestRun(athena, "\(directory)/reference", source: .api)
    export.format = format
    try await export.run()
    #expect(try export.manifest("source") == "api")
    return export.files
}

private func file(_ name: Int) -> String { "data/batch=00000\(name)/t-00000\(name).csv.gz" }

/// One at a time: every test runs whole exports, and others in this process measure time.
@Suite(.serialized) enum `The result object` {
    @Suite struct `Rows out of the result object` {
        @Test(arguments: [FileFormat.csv, .ndjson])
        func `are the same bytes as by the API, whatever the pages and ranges`(_ format: FileFormat) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                let expected = try await reference(result, format, in: directory)
                #expect(expected.keys.contains { $0.hasPrefix("rejected/") })
                for pageRows in [1, 7] {
                    result.pageRows = pageRows
                    #expect(try await reference(result, format, in: "\(directory)/\(pageRows)") == expected)
                }
                for bytes in [33, 333, 1000, 64 << 10, 1 << 20, 16 << 20] {
                    let s3 = FakeS3(result)
                    var export = TestRun(FakeAthena(result: result, s3: s3), "\(directory)/ranges-\(bytes)")
                    export.format = format
                    export.ranges = RangeSizes(bytes: bytes, inFlight: 1 + bytes % 4, parsed: 1 + bytes % 3)
                    try await export.run()
                    #expect(export.files == expected, "ranges of \(bytes) bytes")
                    #expect(try export.manifest("source") == "s3")
                    #expect(s3.calls.count == (result.csv.count + bytes - 1) / bytes)
                }
            }
        }

        @Test func `are asked for in parts of one version, and paid for by the one who asks`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3(FakeResult.hard)
                try await TestRun(FakeAthena(result: .hard, s3: s3), directory).run()
                let size = FakeResult.hard.csv.count
                #expect(s3.calls.first?.ifMatch == nil)
                #expect(s3.calls.dropFirst().allSatisfy { $0.ifMatch == "\"v1\"" })
                #expect(s3.calls.allSatisfy { $0.request.header("x-amz-request-payer") == "requester" })
                let ranges = s3.calls.compactMap(\.range).sorted { $0.lowerBound < $1.lowerBound }
                #expect(ranges.map(\.lowerBound) == Array(stride(from: 0, to: size, by: 64)))
            }
        }

        @Test(arguments: [0, 1, 2])
        func `of a result without rows, with one row, with a last line that is not ended`(_ count: Int) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.rowCount = count
                let expected = try await reference(result, in: directory)
                let content = count == 2 ? Array(result.csv.dropLast()) : result.csv
                let athena = FakeAthena(result: result, s3: FakeS3(content))
                let export = TestRun(athena, directory)
                try await export.run()
                #expect(export.files == expected)
            }
        }

        @Test func `of one column may be empty lines`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.columns = [(name: "customer_id", type: "varchar")]
                result.row = { [$0 % 3 == 0 ? nil : "k\($0)"] }
                let expected = try await reference(result, .ndjson, in: directory)
                let athena = FakeAthena(result: result, s3: FakeS3(result))
                var export = TestRun(athena, directory)
                export.format = .ndjson
                try await export.run()
                #expect(export.files == expected)
            }
        }
    }

    @Suite struct `When S3 fails for a while` {
        private func export(
            _ script: @escaping FaultScript = { _ in nil },
            network: @escaping @Sendable (Int) -> FakeNetwork.Failure? = { _ in nil }
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(.hard, in: directory)
                let s3 = FakeS3(FakeResult.hard, script: script)
                let athena = FakeAthena(result: .hard, s3: s3)
                var export = TestRun(athena, directory, script: network)
                export.ranges.bytes = 256
                try await export.run()
                #expect(export.files == expected)
                #expect(try export.manifest("source") == "s3")
                #expect(s3.calls.count > 10)
            }
        }

        @Test(arguments: [
            ("SlowDown", 503), ("InternalError", 500), ("ServiceUnavailable", 503), ("RequestTimeout", 400),
        ])
        func `a request that is refused twice is sent again`(_ code: String, _ status: Int) async throws {
            try await export { call in
                (1...2).contains(call.number) || (7...8).contains(call.number) ? .s3Error(code, status: status) : nil
            }
        }

        @Test func `a request whose connection is lost is sent again`() async throws {
            try await export(network: { $0 % 3 == 2 ? .lost : nil })
        }

        @Test func `a body that breaks off is gone on with behind its last byte`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(.hard, in: directory)
                let s3 = FakeS3(FakeResult.hard)
                let size = FakeResult.hard.csv.count
                let athena = FakeAthena(result: .hard, s3: s3)
                var export = TestRun(athena, directory) { $0 <= 2 ? .broken(after: size - 300 * $0) : nil }
                export.ranges = RangeSizes(bytes: 1 << 20, inFlight: 2)
                try await export.run()
                #expect(export.files == expected)
                #expect(s3.calls.compactMap(\.range?.lowerBound).prefix(2) == [0, size - 300])
            }
        }

        @Test func `a body that breaks off near its beginning is asked for again, after a wait`() async throws {
            try await export(network: { $0 % 4 == 3 ? .broken(after: 100) : nil })
        }

        @Test(arguments: [
            "bytes 0-255/100000", "bytes 1-256/2000", "bytes 0-99999/100000", "bytes */100", "bytes 0-255/*", "",
            "items 0-1/2",
        ])
        func `an answer that is another part than was asked for is not taken`(_ contentRange: String) async throws {
            try await export { call in
                call.number == 3 ? .alter { $0.headers["Content-Range"] = contentRange } : nil
            }
        }

        @Test func `an answer with the whole object, without an ETag or with too few bytes is not taken`() async throws
        {
            try await export { call in
                switch call.number {
                case 2: .alter { $0.status = 200 }
                case 4: .alter { $0.headers["ETag"] = nil }
                case 6: .alter { $0.body = [] }
                default: nil
                }
            }
        }
    }

    @Suite struct `When the result object cannot serve` {
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
        private func `auto goes on with the API, says why, and writes the same bytes`(
            _ trouble: Trouble, _ firstFailure: Int
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.pageRows = 7
                let expected = try await reference(result, in: directory)
                let s3 = FakeS3(result) { call in call.number >= firstFailure ? trouble.script(call) : nil }
                let athena = FakeAthena(result: result, s3: s3)
                var export = TestRun(athena, directory, source: .auto)
                export.batchRows = 5
                export.ranges = RangeSizes(bytes: 600, inFlight: 1)
                var plain = export
                plain.source = .api
                try await export.run()
                if firstFailure == 1 {
                    // The first page has been asked for once, for columns and rows.
                    #expect(
                        athena.calls.count {
                            $0.body.contains("NextToken") == false && $0.operation == "GetQueryResults"
                        } == 1)
                }
                #expect(try export.manifest("source") == "api")
                #expect(try export.manifest("source_note")?.contains(FakeS3.location) == true)
                #expect(export.log.text.contains("reading by GetQueryResults, not from S3: "))
                let twice = try await sameWithBatches(of: 5, result, directory)
                #expect(export.files == twice)
                #expect(!expected.isEmpty)
            }
        }

        private func sameWithBatches(of rows: Int, _ result: FakeResult, _ directory: String) async throws -> [String:
            Data]
        {
            let athena = FakeAthena(result: result)
            var export = TestRun(athena, "\(directory)/batches", source: .api)
            export.batchRows = rows
            try await export.run()
            return export.files
        }

        @Test func `auto tells by the location and the encryption, and does not touch S3`() async throws {
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
                    let export = TestRun(athena, directory, source: .auto)
                    try await export.run()
                    #expect(try export.manifest("source_note")?.contains(reason) == true)
                    await #expect {
                        try await TestRun(athena, "\(directory)/s3").run()
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
                let export = TestRun(athena, directory, source: .auto)
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
                let export = TestRun(athena, directory, source: .auto)
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
                    try await TestRun(athena, directory, source: source).run()
                } throws: {
                    if case AthenaExportError.resultReplaced = $0 { true } else { false }
                }
            }
        }

        @Test(arguments: [("ETag", "\"v2\""), ("Content-Range", "bytes 64-127/999999")])
        func `so does an object that is replaced at a server that pays no heed to If-Match`(
            _ header: String, _ value: String
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3(FakeResult.hard) { call in
                    call.number >= 2 ? .alter { $0.headers[header] = value } : nil
                }
                var export = TestRun(FakeAthena(result: .hard, s3: s3), directory)
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
                let export = TestRun(athena, directory)
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
                    try await TestRun(athena, directory).run()
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

    @Suite struct `Going on with a run that read from S3` {
        private static var result: FakeResult {
            var result = FakeResult.hard
            result.pageRows = 7
            return result
        }

        /// An export that ends at each request for a part, and is gone on with by other means.
        private func interrupt(
            at number: Int, bytes: Int, inFlight: Int = 2, then change: (inout TestRun) -> Void = { _ in },
            in directory: String,
            after: (FakeS3) -> Void = { _ in }
        ) async throws -> TestRun {
            let isDown = FaultSwitch()
            let s3 = FakeS3(Self.result) { call in
                call.number >= number && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
            }
            let athena = FakeAthena(result: Self.result, s3: s3)
            var export = TestRun(athena, "\(directory)/\(number)-\(bytes)-\(UInt32.random(in: 0 ... .max))")
            export.ranges = RangeSizes(bytes: bytes, inFlight: inFlight)
            await #expect(throws: AthenaExportError.self) { try await export.run() }
            isDown.turnOff()
            after(s3)
            change(&export)
            try await export.run()
            #expect(athena.executionIDs.count == 1)
            return export
        }

        @Test(arguments: [160, 700])
        func `gives the same bytes wherever it ended, with ranges of any size`(_ bytes: Int) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(Self.result, in: directory)
                let count = (Self.result.csv.count + bytes - 1) / bytes
                var offsets: Set<Int> = []
                for number in stride(from: 1, through: count, by: max(1, count / 6)) {
                    for next in [150, 5000] {
                        let export = try await interrupt(
                            at: number, bytes: bytes,
                            then: { export in
                                if let position = try? export.state().member("position") {
                                    offsets.insert((try? position.member("byte_offset").integer()) ?? 0)
                                }
                                export.ranges.bytes = next
                            }, in: directory)
                        #expect(
                            export.files == expected, "ended at part \(number), gone on with ranges of \(next) bytes")
                        #expect(try export.manifest("source") == "s3")
                    }
                }
                #expect(offsets.count >= 3, "batches began at \(offsets)")
            }
        }

        @Test(arguments: [SourceMode.api, .auto])
        func `gives the same bytes by another source`(_ source: SourceMode) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(Self.result, in: directory)
                for number in 1...8 {
                    let export = try await interrupt(
                        at: number, bytes: 600, then: { $0.source = source }, in: directory)
                    #expect(export.files == expected, "ended at part \(number)")
                    #expect(try export.manifest("source") == (source == .api ? "api" : "s3"))
                }
            }
        }

        @Test func `ends with an error if the object is another one by now`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                for source in [SourceMode.auto, .s3] {
                    await #expect {
                        // One part after another, so that a batch is out when the eighth fails.
                        _ = try await interrupt(
                            at: 8, bytes: 600, inFlight: 1, then: { $0.source = source }, in: directory
                        ) { s3 in
                            s3.replace(with: Self.result.csv)
                        }
                    } throws: {
                        if case AthenaExportError.resultReplaced = $0 { true } else { false }
                    }
                }
            }
        }

        @Test func `ends with an error if another source has other rows`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var other = Self.result
                other.row = { number in number == 12 ? ["k", "other", nil, nil] : Self.result.row(number) }
                let s3 = FakeS3(Self.result) { call in call.number >= 8 ? .s3Error("AccessDenied", status: 403) : nil }
                var export = TestRun(FakeAthena(result: other, s3: s3), directory, source: .auto)
                export.ranges = RangeSizes(bytes: 600, inFlight: 1)
                await #expect {
                    try await export.run()
                } throws: {
                    if case ExportError.inconsistentSource = $0 { true } else { false }
                }
                #expect(export.log.text.contains("another source than before"))
            }
        }

        @Test func `is possible too where the API was read before`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(Self.result, in: directory)
                for number in 2...8 {
                    let isDown = FaultSwitch()
                    let athena = FakeAthena(
                        result: Self.result, s3: FakeS3(Self.result),
                        script: { call in
                            call.operation == "GetQueryResults" && call.operationNumber >= number && isDown.isOn
                                ? .error("AccessDeniedException", "no") : nil
                        })
                    var export = TestRun(athena, "\(directory)/\(number)", source: .api)
                    await #expect(throws: (any Error).self) { try await export.run() }
                    isDown.turnOff()
                    export.source = .s3
                    try await export.run()
                    #expect(export.files == expected, "ended at page \(number)")
                    #expect(try export.manifest("source") == "s3")
                }
            }
        }
    }
}
