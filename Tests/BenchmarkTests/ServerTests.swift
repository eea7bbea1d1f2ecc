import Foundation
import FoundationNetworking
import Loopback
import Testing

@testable import athena_export_benchmark

/// The server over real sockets.
@Suite struct `The benchmark's server` {
    private static let result = GeneratedResult(.customers, rowCount: 20)

    /// Whether the object is kept or made for each request.
    enum Object: CaseIterable {
        case kept, made
    }

    private static let servers = Dictionary(uniqueKeysWithValues: Object.allCases.map { ($0, server(of: $0)) })

    private static func server(of object: Object) -> LoopbackServer {
        do {
            let service = Service(result, largestKept: object == .kept ? result.csvBytes : 0)
            precondition((service.object != nil) == (object == .kept), "the object is \(object)")
            return try service.start()
        } catch {
            fatalError("\(error)")
        }
    }

    private static let object: [UInt8] = {
        var object: [UInt8] = []
        while object.count < result.csvBytes {
            result.appendCSV(from: object.count, maximum: result.csvBytes - object.count, to: &object)
        }
        return object
    }()

    private static func ask(
        _ method: String, _ path: String, _ headers: [String: String] = [:], of object: Object = .kept,
        body: String? = nil
    ) async throws -> (status: Int, headers: HTTPURLResponse, body: [UInt8]) {
        let server = try #require(servers[object])
        var request = URLRequest(url: try #require(URL(string: server.address + path)))
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        let answer = try #require(response as? HTTPURLResponse)
        return (answer.statusCode, answer, Array(data))
    }

    @Test(arguments: Object.allCases)
    func `HEAD gives the size and the tag of the object, and GET gives the object`(_ object: Object) async throws {
        let head = try await Self.ask("HEAD", "/bucket/results/id.csv", of: object)
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head.headers.value(forHTTPHeaderField: "Content-Length") == String(Self.object.count))
        let tag = try #require(head.headers.value(forHTTPHeaderField: "ETag"))
        let whole = try await Self.ask("GET", "/bucket/results/id.csv", ["If-Match": tag], of: object)
        #expect(whole.status == 200)
        #expect(whole.body == Self.object)
    }

    @Test(
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=5-90", 5..<91), ("bytes=100-", 100..<object.count),
            ("bytes=-7", object.count - 7..<object.count), ("bytes=50-999999999", 50..<object.count),
        ], Object.allCases)
    func `a range is answered with its bytes and its place`(
        _ asked: (text: String, for: Range<Int>), of object: Object
    ) async throws {
        let answer = try await Self.ask("GET", "/bucket/results/id.csv", ["Range": asked.text], of: object)
        #expect(answer.status == 206)
        #expect(answer.body == Array(Self.object[asked.for]))
        #expect(
            answer.headers.value(forHTTPHeaderField: "Content-Range")
                == "bytes \(asked.for.lowerBound)-\(asked.for.upperBound - 1)/\(Self.object.count)")
    }

    @Test(arguments: [
        (["Range": "bytes=999999999-"], 416), (["Range": "bytes=9-5"], 416), (["Range": "bytes=-0"], 416),
        (["Range": "lines=1-2"], 416), (["If-Match": "\"other\""], 412),
    ])
    func `a request for the object that cannot be served is refused`(headers: [String: String], status: Int)
        async throws
    {
        for method in ["GET", "HEAD"] {
            #expect(try await Self.ask(method, "/bucket/results/id.csv", headers).status == status)
        }
        // The server still runs.
        #expect(try await Self.ask("GET", "/bucket/results/id.csv.metadata").status == 404)
    }

    @Test(arguments: [#"{"MaxResults":0}"#, #"{"MaxResults":1001}"#, #"{"NextToken":"x"}"#, "no JSON"])
    func `a wrong request for a page is refused as Athena does`(body: String) async throws {
        let answer = try await Self.ask("POST", "/", ["X-Amz-Target": "AmazonAthena.GetQueryResults"], body: body)
        #expect(answer.status == 400)
        #expect(String(decoding: answer.body, as: UTF8.self).contains("InvalidRequestException"))
    }

    @Test func `the same request token gives the same execution`() async throws {
        let bodies = try await [1, 1, 2].asyncMap { token in
            try await Self.ask(
                "POST", "/", ["X-Amz-Target": "AmazonAthena.StartQueryExecution"],
                body: #"{"QueryString":"SELECT 1","ClientRequestToken":"\#(token)"}"#
            ).body
        }
        #expect(bodies[0] == bodies[1])
        #expect(bodies[0] != bodies[2])
    }
}

extension [Int] {
    fileprivate func asyncMap<Result>(_ transform: (Int) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
