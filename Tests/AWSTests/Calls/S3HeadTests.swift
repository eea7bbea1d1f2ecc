@testable import AWS
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

private let done = ScriptedS3.done
private let digest = ScriptedS3.digest
private let checksum = ScriptedS3.checksum

@Suite struct `Asking for an object without its bytes` {
    @Test func `a HEAD request gives its version and the SHA-256 that S3 keeps`() async throws {
        let setup = ScriptedS3(
            HTTPResponse(status: 200, headers: ["ETag": "\"v1\"", "x-amz-checksum-sha256": checksum]))
        let info = try await setup.client.headObject(setup.location)
        #expect(info?.etag == "\"v1\"" && info?.sha256 == digest)
        #expect(setup.request.method == "HEAD" && setup.request.headers["x-amz-checksum-mode"] == "ENABLED")
    }

    @Test(arguments: [nil, "abc", checksum + "-3"])
    func `a HEAD request gives no SHA-256 of an object that was written without it or in parts`(_ value: String?)
        async throws
    {
        var response = HTTPResponse(status: 200, headers: ["ETag": "\"v1\""])
        response.headers["x-amz-checksum-sha256"] = value
        #expect(try await ScriptedS3(response).client.headObject(S3Location("s3://abc/k")!)?.sha256 == nil)
    }

    @Test func `a HEAD request says that there is none, or that it may not say so`() async throws {
        #expect(try await ScriptedS3(HTTPResponse(status: 404)).client.headObject(S3Location("s3://abc/k")!) == nil)
        await #expect {
            try await ScriptedS3(HTTPResponse(status: 403)).client.headObject(S3Location("s3://abc/k")!)
        } throws: {
            ($0 as? AWSError)?.category == .credentials
        }
        for response in [HTTPResponse(status: 200), HTTPResponse(status: 206, headers: ["ETag": "\"v1\""])] {
            await #expect(throws: AWSError.self) {
                try await ScriptedS3(response).client.headObject(S3Location("s3://abc/k")!)
            }
        }
    }

    @Test(arguments: [("ExpiredToken", 400, true), ("RequestTimeTooSkewed", 403, true), ("AccessDenied", 403, false)])
    func `a HEAD request that is refused without a reason asks for the reason, and is sent again if that helps`(
        _ code: String, _ status: Int, _ isCured: Bool
    ) async throws {
        let old = Credentials(accessKeyID: "OLD", secretAccessKey: "s", sessionToken: "t")
        let new = Credentials(accessKeyID: "NEW", secretAccessKey: "s", sessionToken: "t")
        let date: HTTPHeaders = ["Date": "Tue, 01 Dec 2026 00:00:00 GMT"]
        let part = HTTPResponse(
            status: 206, headers: ["ETag": "\"v1\"", "Content-Range": "bytes 0-0/7"], body: Array("c".utf8))
        let answers = [
            HTTPResponse(status: status, headers: date), ScriptedS3.refusal(code, status: status, headers: date), part,
            done,
        ]
        let transport = ScriptedTransport(answers.prefix(isCured ? 4 : 2).map { answer in { _ in answer } })
        let time = FakeTime()
        let log = InMemoryLogHandler(level: .trace)
        let client = S3Client(
            endpoint: Endpoint(.s3, region: Region("eu-central-1")!),
            credentials: CachedCredentials(ScriptedProvider(old, new), runtime: time.runtime, logger: log.logger),
            transport: transport, runtime: time.runtime, logger: log.logger)
        let location = S3Location("s3://results/k")!
        if isCured {
            #expect(try await client.headObject(location)?.etag == "\"v1\"")
        } else {
            await #expect {
                try await client.headObject(location)
            } throws: {
                "\($0)".contains(code) && ($0 as? AWSError)?.category == .credentials
            }
        }
        let methods = transport.requests.map(\.method)
        #expect(methods == (isCured ? ["HEAD", "GET", "GET", "HEAD"] : ["HEAD", "GET"]) && time.sleeps.isEmpty)
        let last = try #require(transport.requests.last?.headers["Authorization"])
        #expect(last.contains(code == "ExpiredToken" ? "NEW" : "OLD"))
    }

    @Test func `a HEAD request finds an object without bytes, or none, after a refusal without a reason`() async throws
    {
        let refused = HTTPResponse(status: 400)
        let empty = ScriptedS3(refused, ScriptedS3.refusal("InvalidRange", status: 416), done)
        #expect(try await empty.client.headObject(empty.location)?.etag == "\"v1\"")
        let none = ScriptedS3(refused, ScriptedS3.refusal("NoSuchKey", status: 404), HTTPResponse(status: 404))
        #expect(try await none.client.headObject(none.location) == nil)
        let lasting = ScriptedS3(HTTPResponse(status: 400), ScriptedS3.refusal("InvalidRequest", status: 400))
        await #expect {
            try await lasting.client.headObject(lasting.location)
        } throws: {
            "\($0)".contains("InvalidRequest")
        }
        #expect(lasting.transport.requests.count == 2)
    }

    @Test func `a HEAD request follows the bucket to its region, though the answer has no code`() async throws {
        let setup = ScriptedS3(
            HTTPResponse(status: 400, headers: ["x-amz-bucket-region": "us-west-2"]),
            HTTPResponse(status: 200, headers: ["ETag": "\"v1\""]))
        #expect(try await setup.client.headObject(setup.location)?.etag == "\"v1\"")
        #expect(setup.transport.requests.count == 2)
        #expect(setup.request.url.host == "results.s3.us-west-2.amazonaws.com")
    }
}
