import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `The upload command` {
    private func withExport(_ body: (UploadedExport) async throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await body(try await UploadedExport(in: directory))
        }
    }

    @Test func `the command brings the bucket to what a copied directory's manifest says, and says so`() async throws {
        try await withExport { export in
            let s3 = StrictS3(isSigned: isSigned)
            try await s3.serve { endpoint in
                let options = ["--expected-bucket-owner", StrictS3.owner, "--redshift-manifests"]
                let outcome = try await export.upload(endpoint, options)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let summary = try UploadedExport.summary(outcome)
                #expect(try summary.member("status").string() == "succeeded")
                #expect(try summary.member("table").string() == "customers")
                #expect(try summary.member("url").string() == UploadedExport.url)
                let bytes = export.expected.values.reduce(0) { $0 + $1.count }
                for (name, count) in [
                    ("files", 5), ("bytes", bytes), ("sent", 5), ("sent_bytes", bytes), ("present", 0), ("removed", 0),
                ] { #expect(try summary.member(name).integer() == count, "\(name)") }
                #expect(s3.contents.filter { !$0.key.contains("/redshift/") } == export.expected)
                #expect(s3.contents.count == 9)

                let again = try await export.upload(endpoint, options, to: "s3://exports/lake/customers")
                #expect(again.status == 0, "\(again.errors)")
                #expect(try UploadedExport.summary(again).member("present").integer() == 5)
                #expect(s3.keys("PutObject").count == 9)
            }
            #expect(s3.violations.isEmpty && s3.badSignatures == 0)
        }
    }

    @Test func `the command says in words what it has sent and what was there`() async throws {
        try await withExport { export in
            let s3 = StrictS3()
            try await s3.serve { endpoint in
                let arguments = ["upload", export.directory, UploadedExport.url, "--endpoint-url", endpoint]
                let first = try await Executable.run(arguments)
                #expect(first.output.hasPrefix("uploaded 5 files, "), "\(first.output)")
                #expect(first.output.hasSuffix("url: \(UploadedExport.url)\n"))
                let again = try await Executable.run(arguments)
                #expect(again.output.hasPrefix("uploaded 0 files, 0 bytes, in "), "\(again.output)")
                #expect(again.output.contains("; 5 files there before\n"))
            }
        }
    }

    @Test(arguments: [
        (["DIR", "lake/customers"], 64, "does not begin with s3://"),
        (["DIR", "s3://a$b/x"], 64, "no name of an S3 bucket"), (["DIR", "s3://abc/a b"], 64, "holds a blank"),
        (["DIR", UploadedExport.url, "--expected-bucket-owner", "12"], 64, "12 digits"),
        (["DIR", UploadedExport.url, "--kms-key", "arn:x"], 64, "names no KMS key"),
        (["DIR"], 64, "s3://bucket/prefix/"),
        (["DIR/data", UploadedExport.url], 66, "give the table's directory"),
        (["DIR/nothing", UploadedExport.url], 66, "does not exist"),
        (["DIR", UploadedExport.url, "--config", "DIR/none.json"], 66, "none.json"),
        (["DIR", UploadedExport.url, "--metrics-file", "DIR/m.prom"], 64, "lies in the table's directory"),
    ])
    func `the command refuses what it cannot mean, before anything is sent`(
        _ arguments: [String], _ status: Int32, _ words: String
    ) async throws {
        try await withExport { export in
            let s3 = StrictS3()
            try await s3.serve { endpoint in
                let outcome = try await Executable.run(
                    ["upload"] + arguments.map { $0.replacingOccurrences(of: "DIR", with: export.directory) }
                        + ["--endpoint-url", endpoint])
                #expect(outcome.status == status, "\(outcome.errors)")
                #expect(outcome.errors.contains(words), "\(outcome.errors)")
                #expect(outcome.output.isEmpty)
            }
            #expect(s3.calls.isEmpty)
        }
    }

    @Test(arguments: [
        ("SlowDown", 503, 75, "temporary"), ("AccessDenied", 403, 77, "credentials"),
        ("NoSuchBucket", 404, 78, "configuration"), ("BadDigest", 400, 65, "data"),
    ])
    func `the command ends with the status of what S3 says`(
        _ code: String, _ httpStatus: Int, _ status: Int32, _ kind: String
    ) async throws {
        try await withExport { export in
            let s3 = StrictS3(script: { call in
                call.operation == "PutObject" ? .s3Error(code, status: httpStatus) : nil
            })
            try await s3.serve { endpoint in
                let outcome = try await export.upload(endpoint, ["--max-attempts", "1"])
                #expect(outcome.status == status, "\(outcome.errors)")
                let summary = try UploadedExport.summary(outcome)
                #expect(try summary.member("status").string() == "failed")
                #expect(try summary.member("sent").integer() == 0)
                #expect(try summary.member("error").member("kind").string() == kind)
                #expect(outcome.errors.contains(code))
            }
            #expect(s3.objects.isEmpty)
        }
    }

    @Test func `the command refuses an altered file and leaves the bucket empty`() async throws {
        try await withExport { export in
            let file = "\(export.directory)/data/batch=000004/customers-000004.csv.gz"
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            bytes[20] ^= 1
            try bytes.write(to: URL(fileURLWithPath: file))
            let s3 = StrictS3()
            try await s3.serve { endpoint in
                let outcome = try await export.upload(endpoint)
                #expect(
                    outcome.status == 65 && outcome.errors.contains("the manifest says SHA-256"), "\(outcome.errors)")
            }
            #expect(s3.objects.isEmpty)
        }
    }

    @Test func `the command follows a signal and continues afterwards`() async throws {
        try await withExport { export in
            let process = RunningProcess()
            let s3 = StrictS3(script: { call in
                guard call.operation == "PutObject", call.operationNumber == 3 else { return nil }
                process.send(SIGTERM)
                return .delay(.seconds(5))
            })
            try await s3.serve { endpoint in
                let stopped = try await export.upload(endpoint, onStart: process.started)
                #expect(stopped.status == 143, "\(stopped.errors)")
                #expect(try UploadedExport.summary(stopped).member("status").string() == "interrupted")
                let outcome = try await export.upload(endpoint)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(s3.contents == export.expected)
            #expect(s3.violations.isEmpty)
        }
    }

    @Test func `the command writes metrics and events for those who watch`() async throws {
        try await withExport { export in
            let metrics = export.directory + ".prom"
            try await StrictS3().serve { endpoint in
                let outcome = try await export.upload(
                    endpoint, ["--metrics-file", metrics, "--log-format", "json", "--log-level", "debug"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                for event in ["upload_started", "object_sent", "upload_succeeded"] {
                    #expect(outcome.errors.contains("\"event\":\"\(event)\""), "\(event)")
                }
            }
            let text = try String(contentsOfFile: metrics, encoding: .utf8)
            for line in ["last_upload_success{table=\"customers\"} 1", "upload_sent_files{table=\"customers\"} 5"] {
                #expect(text.contains("athena_export_\(line)\n"), "\(text)")
            }
        }
    }

    @Test(arguments: ["customers", "orders"])
    func `the command takes a table's own settings out of a file of several tables`(_ owned: String) async throws {
        try await withExport { export in
            let config = export.directory + ".json"
            let s3 = StrictS3()
            try await s3.serve { endpoint in
                // The owner for all is right for the table that has none of its own.
                let others = owned == "customers" ? "999999999999" : StrictS3.owner
                let own = owned == "customers" ? StrictS3.owner : "999999999999"
                let other = owned == "customers" ? "orders" : "customers"
                let json: JSONValue = [
                    "expected_bucket_owner": .string(others), "endpoint_url": .string(endpoint),
                    "tables": [
                        ["table": .string(other), "query": "SELECT 1"],
                        ["table": .string(owned), "query": "SELECT 2", "expected_bucket_owner": .string(own)],
                    ],
                ]
                try Data(json.serialized(pretty: true)).write(to: URL(fileURLWithPath: config))
                let outcome = try await Executable.run([
                    "upload", export.directory, UploadedExport.url, "--config", config,
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(s3.contents == export.expected)
        }
    }

    @Test func `the command takes region and keys out of a configuration file`() async throws {
        try await withExport { export in
            let config = export.directory + ".json"
            let s3 = StrictS3(isSigned: isSigned)
            try await s3.serve { endpoint in
                let json: JSONValue = [
                    "aws_access_key_id": .string(Executable.accessKeyID),
                    "aws_secret_access_key": .string(Executable.secretAccessKey), "region_name": "us-west-2",
                    "endpoint_url": .string(endpoint), "expected_bucket_owner": .string(StrictS3.owner),
                ]
                try Data(json.serialized(pretty: true)).write(to: URL(fileURLWithPath: config))
                var environment = Executable.environment()
                for name in environment.keys where name.hasPrefix("AWS_") && name != "AWS_EC2_METADATA_DISABLED" {
                    environment[name] = nil
                }
                let outcome = try await Executable.run(
                    ["upload", export.directory, UploadedExport.url, "--config", config], environment: environment)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.errors.contains("can be read by others"))
            }
            #expect(s3.contents == export.expected)
        }
    }
}
