import AWS
import BatchExport
import Logging
import Testing
import TestSupport

@testable import Athena

@Suite struct `Pages of unloaded objects` {
    /// Objects of a hundred lines each that name two of nine columns.
    private func source(from start: Checkpoint = Checkpoint(nextBatch: 1)) async throws -> UnloadSource {
        let s3 = FakeS3([])
        for object in 0..<3 {
            let lines = (0..<100).map { "{\"c0000\":\"\(object)-\($0)\",\"c0004\":\"\\u0061\"}\n" }
            s3.put(Array(lines.joined().utf8), at: "s3://results/unloaded/\(object)")
        }
        let settings = try AWSSettings(
            explicit: .init(region: "eu-central-1", endpointURL: "http://127.0.0.1:1"),
            environment: AWSEnvironment([:]), sharedConfig: SharedConfig(config: nil, credentials: nil))
        let athena = FakeAthena(result: FakeResult(rowCount: 0), s3: s3)
        let client = S3Client(
            endpoint: try settings.endpoint(for: .s3),
            credentials: ExplicitCredentials(Credentials(accessKeyID: "AKID", secretAccessKey: "secret")),
            transport: DirectTransport(athena) { _ in nil }, retry: RetryPolicy(maxAttempts: 1),
            runtime: VirtualTime().runtime, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let objects = try await UnloadedObject.find(
            (0..<3).compactMap { S3Location("s3://results/unloaded/\($0)") }, client)
        let columns = (0..<9).map { Column(name: "v\($0)", sourceType: "varchar", type: .string) }
        return UnloadSource(
            UnloadedRows(
                objects: objects, columns: columns,
                reader: JSONLinesReader(forms: columns.map { _ in .text }, blockCells: 50), rowCount: 300,
                client: client, sizes: RangeSizes(bytes: 700, inFlight: 2)), from: start)
    }

    private func keys(_ page: ResultPage) -> [String] {
        (0..<page.block.rowCount).map { row in
            let first = page.block.cellIndices(ofRow: row).lowerBound
            return String(decoding: page.block.bytes[page.block.cells[first].range], as: UTF8.self)
        }
    }

    @Test func `lines with more cells than a page takes become pages, each with a place of its own`() async throws {
        let source = try await source()
        var pages = [try await source.page(at: .start)]
        while let next = pages.last?.next { pages.append(try await source.page(at: next)) }
        #expect(pages.allSatisfy { $0.block.cells.count <= 54 })
        #expect(pages.flatMap(keys) == (0..<3).flatMap { object in (0..<100).map { "\(object)-\($0)" } })
        #expect(zip(pages, pages.dropFirst()).allSatisfy { $0.next == $1.bookmark })
        var rows = 0
        for page in pages {
            defer { rows += page.block.rowCount }
            let start = Checkpoint(bookmark: page.bookmark, rowsExported: rows, nextBatch: 1)
            let again = try await self.source(from: start).page(at: page.bookmark)
            #expect(keys(again) == keys(page) && again.next == page.next)
        }
    }
}
