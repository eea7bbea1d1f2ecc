@testable import Athena
import BatchExport
import Foundation
import JSON
import Loopback
import Testing
import TestSupport

/// One at a time: every test runs whole exports, and other tests in this process measure time.
@Suite(.serialized) enum `The result object` {
    /// The files of an export by the API.
    static func reference(
        _ result: FakeResult, _ format: FileFormat = .csv, in directory: String
    ) async throws -> [String: Data] {
        let athena = FakeAthena(result: result)
        var export = InProcessExport(athena, in: "\(directory)/reference", source: .api)
        export.format = format
        try await export.run()
        #expect(try export.manifest("source") == "api")
        return export.files
    }

    static func file(_ name: Int) -> String { "data/batch=00000\(name)/t-00000\(name).csv.gz" }

    @Suite struct `Rows of the result object` {
        @Test(arguments: [FileFormat.csv, .ndjson])
        func `the bytes are those of the API, whatever the pages and ranges`(_ format: FileFormat) async throws {
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
                    var export = InProcessExport(
                        FakeAthena(result: result, s3: s3), in: "\(directory)/ranges-\(bytes)", source: .s3)
                    export.format = format
                    export.ranges = RangeSizes(bytes: bytes, inFlight: 1 + bytes % 4, parsed: 1 + bytes % 3)
                    try await export.run()
                    #expect(export.files == expected, "ranges of \(bytes) bytes")
                    #expect(try export.manifest("source") == "s3")
                    #expect(s3.calls.count == (result.csv.count + bytes - 1) / bytes)
                }
            }
        }

        @Test func `parts of one version are requested, and the requester pays`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3(FakeResult.hard)
                try await InProcessExport(FakeAthena(result: .hard, s3: s3), in: directory, source: .s3).run()
                let size = FakeResult.hard.csv.count
                #expect(s3.calls.first?.ifMatch == nil)
                #expect(s3.calls.dropFirst().allSatisfy { $0.ifMatch == "\"v1\"" })
                #expect(s3.calls.allSatisfy { $0.request.header("x-amz-request-payer") == "requester" })
                let ranges = s3.calls.compactMap(\.range).sorted { $0.lowerBound < $1.lowerBound }
                #expect(ranges.map(\.lowerBound) == Array(stride(from: 0, to: size, by: 64)))
            }
        }

        @Test(arguments: [0, 1, 2])
        func `a result without rows, with one row, or with a last line that is not ended is read`(_ count: Int)
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.rowCount = count
                let expected = try await reference(result, in: directory)
                let content = count == 2 ? Array(result.csv.dropLast()) : result.csv
                let athena = FakeAthena(result: result, s3: FakeS3(content))
                let export = InProcessExport(athena, in: directory, source: .s3)
                try await export.run()
                #expect(export.files == expected)
            }
        }

        @Test(arguments: [64, 1 << 20])
        func `a record longer than a row may be ends the run before it, without reading the rest of the object`(
            _ bytes: Int
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.rowCount = 45
                let open = Array("\"an open quote".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)
                let s3 = FakeS3(result.csv + open)
                var export = InProcessExport(FakeAthena(result: result, s3: s3), in: directory, source: .s3)
                export.ranges = RangeSizes(bytes: bytes, inFlight: 4)
                export.ranges.longestRow = 1000
                for _ in 1...2 {
                    let error = try await export.fails(with: ExportError.self)
                    guard case .resultRowTooLong(46, 1000) = error else { throw error }
                    #expect(!"\(error)".contains("open"))
                    #expect(export.files.keys.count { $0.hasPrefix("data/") } == 2)
                    #expect(s3.calls.compactMap(\.range?.upperBound).max() ?? 0 < result.csv.count + 6 * bytes + 1000)
                }
            }
        }

        @Test func `a result of one column may be empty lines`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.hard
                result.columns = [(name: "customer_id", type: "varchar")]
                result.row = { [$0 % 3 == 0 ? nil : "k\($0)"] }
                let expected = try await reference(result, .ndjson, in: directory)
                let athena = FakeAthena(result: result, s3: FakeS3(result))
                var export = InProcessExport(athena, in: directory, source: .s3)
                export.format = .ndjson
                try await export.run()
                #expect(export.files == expected)
            }
        }
    }

    @Suite struct `Temporary failures of S3` {
        private func export(
            _ script: @escaping FaultScript = { _ in nil },
            network: @escaping @Sendable (Int) -> ObjectFaults.Fault? = { _ in nil }
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(.hard, in: directory)
                let s3 = FakeS3(FakeResult.hard, script: script)
                let athena = FakeAthena(result: .hard, s3: s3)
                var export = InProcessExport(athena, in: directory, source: .s3, objectFault: network)
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

        @Test func `a body that breaks off is continued behind its last byte`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(.hard, in: directory)
                let s3 = FakeS3(FakeResult.hard)
                let size = FakeResult.hard.csv.count
                let athena = FakeAthena(result: .hard, s3: s3)
                var export = InProcessExport(athena, in: directory, source: .s3) {
                    $0 <= 2 ? .broken(after: size - 300 * $0) : nil
                }
                export.ranges = RangeSizes(bytes: 1 << 20, inFlight: 2)
                try await export.run()
                #expect(export.files == expected)
                #expect(s3.calls.compactMap(\.range?.lowerBound).prefix(2) == [0, size - 300])
            }
        }

        @Test func `a body that breaks off near its beginning is requested again, after a wait`() async throws {
            try await export(network: { $0 % 4 == 3 ? .broken(after: 100) : nil })
        }

        @Test(arguments: [
            "bytes 0-255/100000", "bytes 1-256/2000", "bytes 0-99999/100000", "bytes */100", "bytes 0-255/*", "",
            "items 0-1/2",
        ])
        func `an answer with another range than the requested one is not taken`(_ contentRange: String) async throws {
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
}
