import Foundation
import HTTPTransport
import JSON
import SystemPackage
import Testing
import TestSupport

@testable import Athena

@Suite(.limitedConcurrency) struct `Pages larger than an answer` {
    /// Rows of very different sizes, the largest in the middle; several batches.
    private static func result(pageRows: Int = 1000) -> FakeResult {
        var result = FakeResult(rowCount: 300) { number in
            let size = number / 50 == 3 ? 4000 : number % 50
            return ["c\(number)", nil, String(repeating: "x", count: size), "z"]
        }
        result.states = ["SUCCEEDED"]
        result.pageRows = pageRows
        return result
    }

    private func maxResults(_ athena: FakeAthena) throws -> [Int] {
        try athena.calls.filter { $0.operation == "GetQueryResults" }.map {
            try JSONField(JSONValue(parsing: Array($0.body.utf8))).member("MaxResults").integer()
        }
    }

    @Test(arguments: [10_000, 40_000, 200_000, 1_000_000])
    func `a page that is too large is requested again with fewer rows, down to one, and the files are the same`(
        _ limit: Int
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let plain = InProcessExport(FakeAthena(result: Self.result()), in: "\(directory)/a")
            _ = try await plain.run()
            let athena = FakeAthena(result: Self.result())
            var export = InProcessExport(athena, in: "\(directory)/b")
            export.pageBytes = limit
            _ = try await export.run()
            #expect(export.files == plain.files)
            let sizes = try maxResults(athena)
            #expect(sizes.first == 1000)
            #expect(limit < 1_000_000 ? sizes.contains(500) : true)
            #expect(limit == 10_000 ? sizes.contains(1) : true)
            #expect(athena.count(of: "StartQueryExecution") == 1)
        }
    }

    @Test func `a page that is too large does not make the pages behind it small`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(rowCount: 5000) { number in
                ["c\(number)", nil, String(repeating: "x", count: number < 10 ? 3000 : 1), "z"]
            }
            result.states = ["SUCCEEDED"]
            let athena = FakeAthena(result: result)
            var export = InProcessExport(athena, in: directory)
            export.batchRows = 5000
            export.pageBytes = 400_000
            _ = try await export.run()
            #expect(athena.count(of: "GetQueryResults") < 60)
        }
    }

    @Test(arguments: [1, 3, 7, 12], [10_000, 40_000])
    func `another process continues in the middle of a page that was too large, with pages of another size`(
        _ calls: Int, _ limit: Int
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let plain = InProcessExport(FakeAthena(result: Self.result(pageRows: 60)), in: "\(directory)/a")
            _ = try await plain.run()
            for (first, second) in [(limit, 1 << 20), (1 << 20, limit)] {
                let athena = FakeAthena(result: Self.result(pageRows: 60))
                var export = InProcessExport(athena, in: "\(directory)/\(first)-\(calls)")
                export.pageBytes = first
                export.maxAttempts = 1
                export.fault = { call in
                    guard call.operation == "GetQueryResults", call.operationNumber > calls else { return nil }
                    throw HTTPTransportError.couldNotResolve(host: "athena")
                }
                _ = try? await export.run()
                export.pageBytes = second
                export.fault = { _ in nil }
                _ = try await export.run()
                #expect(export.files == plain.files)
                #expect(athena.count(of: "StartQueryExecution") == 1)
            }
        }
    }

    @Test func `one row that is too large ends the run, and the advice sends no query`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result())
            var export = InProcessExport(athena, in: directory)
            export.pageBytes = 5000
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .rowTooLarge(_, 5000) = error else { throw error }
            #expect("\(error)".contains("--source s3"))
            export.pageBytes = 1 << 20
            _ = try await export.run()
            #expect(athena.count(of: "StartQueryExecution") == 1)
        }
    }

    @Test func `a page that is too large makes auto read the object in S3`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let result = Self.result().inS3
            let plain = InProcessExport(FakeAthena(result: result), in: "\(directory)/a", source: .api)
            try await plain.run()
            let athena = FakeAthena(result: result, s3: FakeS3(result))
            var export = InProcessExport(athena, in: "\(directory)/b", source: .auto)
            export.ranges = RangeSizes(bytes: 5000, inFlight: 2)
            export.pageBytes = 40_000
            try await export.run()
            #expect(export.files == plain.files)
            #expect(try export.manifest("source") == "s3")
            #expect(try maxResults(athena) == [1000, 1])
        }
    }

    @Test func `a page that is too large makes auto request fewer rows where S3 may not be read`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let result = Self.result().inS3
            let plain = InProcessExport(FakeAthena(result: result), in: "\(directory)/a", source: .api)
            try await plain.run()
            let s3 = FakeS3(result) { _ in .s3Error("AccessDenied", "Access Denied", status: 403) }
            let athena = FakeAthena(result: result, s3: s3)
            var export = InProcessExport(athena, in: "\(directory)/b", source: .auto)
            export.pageBytes = 40_000
            try await export.run()
            #expect(export.files == plain.files)
            #expect(try export.manifest("source") == "api")
            // The first page is not requested a second time in its full size.
            #expect(try maxResults(athena).prefix(3) == [1000, 1, 500])
        }
    }

    @Test
    func `a page that is too large is recorded in the size that fits, and the recording replays to the same files`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result())
            var export = InProcessExport(athena, in: "\(directory)/a")
            export.pageBytes = 40_000
            let transport = DirectTransport(athena) { _ in nil }
            export.transport = RecordingTransport(FilePath("\(directory)/recording"), around: transport)
            _ = try await export.run()
            var replay = InProcessExport(athena, in: "\(directory)/b")
            replay.transport = try ReplayTransport(FilePath("\(directory)/recording"))
            _ = try await replay.run()
            #expect(replay.files == export.files)
            #expect(athena.count(of: "StartQueryExecution") == 1)
        }
    }
}

@Suite struct `The size of a page` {
    @Test func `the page size halves from the service's most down to one row and not below`() {
        var size = PageSize()
        var sizes: [Int] = []
        repeat { sizes.append(size.rows) } while size.shrink(from: size.rows)
        #expect(sizes == [1000, 500, 250, 125, 62, 31, 15, 7, 3, 1])
    }

    @Test func `the page size is halved once for two pages that were requested at the same time`() {
        var size = PageSize()
        let shrinks = (size.shrink(from: 1000), size.shrink(from: 1000))
        #expect(shrinks == (true, true) && size.rows == 500)
    }

    @Test(arguments: [(500, 24, 1000), (500, 25, 500), (499, 1, 500), (501, 1, 1000)])
    func `the page size grows where a full page leaves much of an answer unused`(
        _ rows: Int, _ bytes: Int, _ expected: Int
    ) {
        var size = PageSize()
        _ = size.shrink(from: 1000)
        size.grow(after: (rows: rows, bytes: bytes), limit: 100)
        #expect(size.rows == expected)
    }
}
