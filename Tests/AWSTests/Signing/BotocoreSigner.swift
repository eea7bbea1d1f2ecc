import Foundation
import HTTPTransport
import JSON
import TestSupport

/// botocore's own signatures, for comparison.
enum BotocoreSigner {
    /// A Python that can import botocore: `ATHENA_EXPORT_TEST_PYTHON`, or the package's own environment.
    static let python: String? = {
        let candidate =
            ProcessInfo.processInfo.environment["ATHENA_EXPORT_TEST_PYTHON"]
            ?? TestMachine.root.appending(path: ".build/test-venv/bin/python").path()
        guard FileManager.default.isExecutableFile(atPath: candidate),
            (try? run(candidate, "import botocore.auth", input: Data())) != nil
        else { return nil }
        return candidate
    }()

    /// The Authorization header of every case, in order.
    static func authorizations(of cases: [SignatureCase]) throws -> [String] {
        let input = JSONValue.array(cases.map(\.json)).serialized(pretty: false)
        let output = try run(python ?? "", script, input: Data(input))
        return try JSONField(JSONValue(parsing: Array(output))).strings()
    }

    private static let script = """
        import base64, datetime, json, sys
        import botocore.auth as auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        signed = []
        for case in json.load(sys.stdin):
            time = datetime.datetime.strptime(case["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
            auth.get_current_datetime = lambda *_, **__: time
            request = AWSRequest(
                method=case["method"], url=case["url"], data=base64.b64decode(case["body"]))
            for name, value in case["headers"]:
                request.headers[name] = value
            signer = auth.S3SigV4Auth if case["service"] == "s3" else auth.SigV4Auth
            credentials = Credentials("AKIDEXAMPLE", case["secret"], case["token"])
            signer(credentials, case["service"], case["region"]).add_auth(request)
            signed.append(request.headers["Authorization"])
        json.dump(signed, sys.stdout)
        """

    private struct Failed: Error { let status: Int32 }

    static func run(_ python: String, _ script: String, input: Data) throws -> Data {
        let process = Process()
        let stdin = Pipe()
        let stdout = Pipe()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", script]
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: input)
        try stdin.fileHandleForWriting.close()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
        return output
    }
}
