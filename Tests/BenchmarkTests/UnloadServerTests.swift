import BatchExport
import Foundation
import FoundationNetworking
import Loopback
import Testing
import TestSupport

@testable import athena_export_benchmark

@Suite struct `The benchmark's server as the target of an UNLOAD` {
    /// A server whose result goes beyond the end of a period, and whose objects are not of one size.
    private static func server(_ table: BenchmarkTable) throws -> LoopbackServer {
        try Service(GeneratedResult(table, rowCount: table.period + 1001), unloadObjects: 3).start()
    }

    @Test(arguments: BenchmarkTable.allCases, FileFormat.allCases)
    func `an export by UNLOAD has the rows of an export from S3`(table: BenchmarkTable, format: FileFormat) async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let server = try Self.server(table)
            defer { server.stop() }
            let url = server.address
            var rows: [[Substring]] = []
            for source in ["s3", "unload"] {
                let outcome = try await Executable.run([
                    "run", "--endpoint-url", url, "--source", source, "--format", format.rawValue, "--table",
                    table.rawValue, "--key", table.key, "--output", "\(directory)/\(source)",
                ])
                try #require(outcome.status == 0, "\(outcome.errors)")
                let files = TestMachine.files(below: "\(directory)/\(source)/\(table.rawValue)/data")
                rows.append(try TestMachine.inflated(files).split(separator: "\n").sorted())
            }
            #expect(rows[0].count >= table.period + 1001)
            #expect(rows[0] == rows[1])
        }
    }

    @Test func `the list of the objects in S3 is the one of the service, and every object on it is there`() async throws
    {
        let server = try Self.server(.customers)
        defer { server.stop() }
        let url = server.address
        let statement = "UNLOAD (SELECT 1) TO 's3://bucket/a/b/' WITH (format = 'JSON', compression = 'GZIP')"
        let start = try await Self.ask(
            url, "StartQueryExecution", ["QueryString": statement, "ClientRequestToken": "token"])
        let id = try #require(start["QueryExecutionId"] as? String)
        let execution = try #require(
            try await Self.ask(url, "GetQueryExecution", ["QueryExecutionId": id])["QueryExecution"] as? [String: Any])
        #expect(execution["SubstatementType"] as? String == "UNLOAD")
        #expect(execution["Query"] as? String == statement)
        let statistics = try #require(execution["Statistics"] as? [String: Any])
        let manifest = try #require(statistics["DataManifestLocation"] as? String)
        let list = try await Self.s3(url, "GET", String(manifest.dropFirst(4))).body
        let places = list.split(separator: "\n").map(String.init)
        #expect(places.count == 3)
        #expect(places.allSatisfy { $0.hasPrefix("s3://bucket/a/b/") && $0.hasSuffix(".gz") })
        for place in places {
            #expect(try await Self.s3(url, "HEAD", String(place.dropFirst(4))).status == 200)
        }
        let listing = try await Self.s3(url, "GET", "/bucket?list-type=2&prefix=a%2Fb%2F").body
        #expect(listing.contains("<KeyCount>3</KeyCount>"))
        for place in places { #expect(listing.contains("<Key>\(place.dropFirst("s3://bucket/".count))</Key>")) }
        #expect(try await Self.s3(url, "DELETE", String(places[0].dropFirst(4))).status == 204)
        #expect(try await Self.s3(url, "GET", String(places[0].dropFirst(4))).status == 404)
        #expect(try await Self.s3(url, "GET", String(places[1].dropFirst(4))).status == 200)
        #expect(try await Self.s3(url, "GET", "/bucket?list-type=2&prefix=a%2Fb%2F").body.contains("<KeyCount>2<"))
        let answer = try await Self.ask(
            url, "GetQueryResults", ["QueryExecutionId": id, "QueryResultType": "DATA_MANIFEST"])
        let rows = try #require((answer["ResultSet"] as? [String: Any])?["Rows"] as? [[String: [[String: String]]]])
        #expect(rows.compactMap { $0["Data"]?.first?["VarCharValue"] } == places)
    }

    @Test func `the question for the columns has a result without rows`() async throws {
        let server = try Self.server(.customers)
        defer { server.stop() }
        let url = server.address
        let start = try await Self.ask(
            url, "StartQueryExecution",
            ["QueryString": "SELECT * FROM (\nSELECT 1\n) LIMIT 0", "ClientRequestToken": "probe"])
        let id = try #require(start["QueryExecutionId"] as? String)
        let answer = try await Self.ask(url, "GetQueryResults", ["QueryExecutionId": id])
        #expect(((answer["ResultSet"] as? [String: Any])?["Rows"] as? [Any])?.count == 1)
        let object = try await Self.s3(url, "GET", "/athena-export-benchmark/results/\(id).csv")
        #expect(object.body.split(separator: "\n").count == 1)
    }

    private static func ask(_ url: String, _ operation: String, _ input: [String: String]) async throws -> [String: Any]
    {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = "POST"
        request.httpBody = try JSONSerialization.data(withJSONObject: input)
        request.setValue("AmazonAthena.\(operation)", forHTTPHeaderField: "X-Amz-Target")
        let (data, _) = try await URLSession.shared.data(for: request)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private static func s3(_ url: String, _ method: String, _ path: String) async throws -> (status: Int, body: String)
    {
        var request = URLRequest(url: try #require(URL(string: url + path)))
        request.httpMethod = method
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}
