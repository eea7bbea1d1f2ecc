import AWS
import Foundation
import HTTPTransport
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Replaying offline` {
    private static let strace = ["/usr/bin/strace", "/usr/local/bin/strace"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: strace != nil, "needs strace"))
    func `a replay opens no socket and reads no AWS settings`() async throws {
        let strace = try #require(Self.strace)
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/.aws", withIntermediateDirectories: false)
            for name in ["config", "credentials"] {
                try Data("[default]\nregion = eu-north-1\n".utf8)
                    .write(to: URL(fileURLWithPath: "\(directory)/.aws/\(name)"))
            }
            let outcome = try await Executable.run(
                strace,
                [
                    "-f", "-qq", "-e", "trace=%network,%file", "-o", "\(directory)/calls", Executable.path, "--replay",
                    customers,
                ],
                environment: Executable.environment(["HOME": directory]), directory: directory)
            try #require(outcome.status == 0, "\(outcome.errors)")
            let calls = try String(contentsOfFile: "\(directory)/calls", encoding: .utf8)
            // The trace works: it has the files that a replay opens.
            #expect(calls.contains("GetQueryResults-1.json"))
            for trace in ["socket(AF_INET", "connect(", ".aws", "/etc/resolv.conf", "/etc/ssl"] {
                #expect(!calls.contains(trace), "\(trace)")
            }
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/unshare"), "needs unshare"))
    func `a replay needs no network`() async throws {
        let environment = Executable.environment()
        let unshare = ["unshare", "-rn"]
        let probe = try await Executable.run("/usr/bin/env", unshare + ["true"], environment: environment)
        guard probe.status == 0 else { return }
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/usr/bin/env", unshare + [Executable.path, "--replay", customers], environment: environment,
                directory: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }
}

@Suite(.limitedConcurrency) struct `The host of a request` {
    private static let seed: UInt64 = 0x5eed_0f_5afe

    /// Texts of parts of hosts and URLs, and of parts that would change them.
    private static func hostile(_ generator: inout SplitMix) -> String {
        let parts = [
            "us", "-", "east", "1", ".", "..", "/", "\\", "@", "#", "?", ":", "%2f", "%", " ", "\r\n", "\0", "[", "]",
            "evil",
            ".com", "amazonaws", "127.0.0.1", "A", "é", "\u{202e}", "_", "&", "=", "//", "http:", "\t", "xn--", "0x7f",
        ]
        return (0..<Int.random(in: 1...8, using: &generator)).map { _ in parts.randomElement(using: &generator)! }
            .joined()
    }

    @Test func `the host is the service's in the region, or the region is refused`() throws {
        var generator = SplitMix(seed: Self.seed)
        var taken = 0
        for _ in 0..<5_000 {
            let text = Self.hostile(&generator)
            guard let region = Region(text) else { continue }
            taken += 1
            let url = Endpoint(.athena, region: region).url
            #expect(
                url.description == "https://athena.\(text).amazonaws.com/",
                "seed \(Self.seed): \(text.debugDescription)")
            #expect(try HTTPURL(parsing: url.description) == url)
        }
        #expect(taken > 50)
    }

    @Test func `the host is the one that an endpoint names, or the endpoint is refused`() throws {
        var generator = SplitMix(seed: Self.seed)
        var taken = 0
        let region = try #require(Region("us-east-1"))
        for _ in 0..<5_000 {
            let host = Self.hostile(&generator)
            guard
                let endpoint = try? Endpoint(
                    custom: "http://\(host)", origin: "test", region: region, variant: EndpointVariant())
            else { continue }
            taken += 1
            let authority = host.prefix { $0 != "/" }
            #expect(
                endpoint.url.host == authority.prefix { $0 != ":" }.lowercased(),
                "seed \(Self.seed): \(host.debugDescription)")
            #expect(!authority.contains { "@#\\?".contains($0) })
        }
        #expect(taken > 50)
    }

    @Test func `the host of a staging directory is a bucket, or the directory is refused`() {
        var generator = SplitMix(seed: Self.seed)
        for _ in 0..<2_000 {
            let text = Self.hostile(&generator)
            guard case .accepted = ConfigurationCheck({ $0.stagingDir = "s3://\(text)" }) else { continue }
            let bucket = text.prefix { $0 != "/" }
            #expect(
                bucket.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]/) != nil, "\(text.debugDescription)")
        }
    }

    @Test(arguments: ["my_Legacy_Bucket", "ABC", String(repeating: "b", count: 255)])
    func `the host of a staging directory may be a bucket from before 2018, and a loader reads from it`(
        _ bucket: String
    ) async throws {
        guard case .accepted = ConfigurationCheck({ $0.stagingDir = "s3://\(bucket)/x/" }) else {
            Issue.record("the bucket was refused")
            return
        }
        try await TestMachine.withTemporaryDirectory { directory in
            _ = try await Executable.run(["--replay", customers, "--output", directory])
            let arguments = ["loader", "redshift", "\(directory)/customers", "--url-prefix", "s3://\(bucket)/x"]
            let outcome = try await Executable.run(arguments)
            #expect(outcome.status == 0 && outcome.output.contains("s3://\(bucket)/x/"), "\(outcome.errors)")
        }
    }
}
