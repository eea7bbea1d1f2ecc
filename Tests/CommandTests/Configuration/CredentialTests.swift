import Foundation
import Loopback
import Testing
import TestSupport
import Threading

/// A container's credential endpoint, on loopback.
private final class Neighbour: Sendable {
    static let token = "canary-CONTAINER-token"
    static let sessionToken = "canary/SESSION+token=="
    private let paths = Locked<[String]>([])
    private let redirect: String?

    /// - Parameter redirect: the address of a redirect, instead of an answer.
    init(redirect: String? = nil) { self.redirect = redirect }

    var requests: [String] { paths.withLock { $0 } }

    func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
        paths.withLock { $0.append(request.path) }
        if let redirect { return LoopbackServer.Answer(status: 307, headers: ["Location": redirect]) }
        guard request.header("Authorization") == Self.token else { return LoopbackServer.Answer(status: 401) }
        let body = """
            {"AccessKeyId": "\(Executable.accessKeyID)", "SecretAccessKey": "\(Executable.secretAccessKey)",
             "Token": "\(Self.sessionToken)", "Expiration": "2099-01-01T00:00:00Z"}
            """
        return LoopbackServer.Answer(status: 200, body: Array(body.utf8))
    }

    func serve<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let server = try LoopbackServer.answering { [self] in answer($0) }
        do {
            let result = try await body(server.address)
            server.stop()
            return result
        } catch {
            server.stop()
            throw error
        }
    }

    static func environment(_ url: String, _ more: [String: String] = [:]) -> [String: String] {
        Executable.environment(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(url)/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
            ].merging(more) { $1 }
        ).filter { !$0.key.contains("ACCESS_KEY") }
    }
}

@Suite(.limitedConcurrency) struct `Credentials of a container` {
    @Test func `container credentials serve a whole export and are seen nowhere`() async throws {
        let neighbour = Neighbour()
        let athena = FakeAthena(result: .customers(50)) {
            $0.header("X-Amz-Security-Token") == Neighbour.sessionToken && isSigned($0)
        }
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await neighbour.serve { url in
                try await athena.serve { address in
                    try await Executable.run(
                        ["--endpoint-url", address, "--output", directory, "--log-level", "trace"],
                        environment: Neighbour.environment(url))
                }
            }
            #expect(outcome.status == 0 && athena.badSignatures == 0, "\(outcome.errors)")
            // Kept, and not requested again for each call; a busy machine may need three attempts.
            #expect((1...3).contains(neighbour.requests.count) && Set(neighbour.requests) == ["/credentials"])
            #expect(outcome.errors.components(separatedBy: "credentials found").count == 2)
            let written =
                outcome.output + outcome.errors
                + TestMachine.files(below: directory).values.map { String(decoding: $0, as: UTF8.self) }.joined()
            #expect(!written.contains("canary") && !written.contains("CANARY"))
        }
    }

    @Test func `container credentials are not fetched through a proxy, whichever the environment names`() async throws {
        let neighbour = Neighbour()
        let proxied = Locked<[String]>([])
        let proxy = try LoopbackServer.answering { request in
            proxied.withLock { $0.append("\(request.path) \(request.headers)") }
            return LoopbackServer.Answer(status: 503)
        }
        let variables = Dictionary(
            uniqueKeysWithValues: ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
                .map { ($0, proxy.address) })
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await neighbour.serve { url in
                try await Executable.run(
                    ["--endpoint-url", "http://athena.invalid", "--output", directory, "--max-attempts", "1"],
                    environment: Neighbour.environment(url, variables))
            }
            #expect(outcome.status == 75, "\(outcome.errors)")
        }
        proxy.stop()
        #expect(Set(neighbour.requests) == ["/credentials"])
        // Athena was called through it, so it works as a proxy.
        #expect(proxied.withLock { $0.count } == 1)
        #expect(proxied.withLock { $0 }.allSatisfy { $0.contains("AmazonAthena") && !$0.contains(Neighbour.token) })
    }

    @Test func `container credentials are not fetched from where a redirect leads`() async throws {
        let elsewhere = Neighbour()
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await elsewhere.serve { other in
                try await Neighbour(redirect: "\(other)/credentials").serve { url in
                    try await Executable.run(
                        ["--endpoint-url", other, "--output", directory], environment: Neighbour.environment(url))
                }
            }
            #expect(outcome.errors.contains("no credentials from container: "), "\(outcome.errors)")
        }
        #expect(elsewhere.requests.isEmpty)
    }
}

@Suite(.limitedConcurrency) struct `A replay without credentials` {
    @Test func `a replay needs no credentials and fetches none`() async throws {
        let neighbour = Neighbour()
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await neighbour.serve { url in
                try await Executable.run(
                    [
                        "--replay", TestMachine.root.appendingPathComponent("fixtures/customers").path, "--output",
                        directory,
                    ],
                    environment: Neighbour.environment(
                        url,
                        [
                            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
                            "AWS_PROFILE": "missing",
                        ]))
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!outcome.errors.contains("credentials found"))
        }
        #expect(neighbour.requests.isEmpty)
    }
}
