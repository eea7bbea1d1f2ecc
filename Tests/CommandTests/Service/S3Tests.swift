import Foundation
import JSON
import Loopback
import Testing
import TestSupport

/// Pages of 20 rows, so that `auto` has a reason to read from S3.
private func customers(_ count: Int) -> FakeResult {
    var result = FakeResult.customers(count).inS3
    result.pageRows = 20
    return result
}

private func exported(_ table: String) -> [String: Data] {
    TestMachine.files(below: table).filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("rejected/") }
}

private func member(_ name: String, ofRunIn table: String) throws -> String? {
    try ExportedTable(table).manifest.member("runs").elements()[0].optionalMember(name)?.string()
}

@Suite(.limitedConcurrency) struct `Reading from S3` {
    @Test(arguments: ["auto", "s3"], ["csv", "ndjson"])
    func `the bytes from S3 are those from the API`(_ source: String, _ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let s3 = FakeS3(customers(2500))
            let athena = FakeAthena(result: customers(2500), s3: s3, isSigned: isSigned)
            let arguments = ["--format", format, "--batch-rows", "1000", "--summary", "json"]
            let outcomes = try await athena.serve { url in
                try await [
                    Executable.run(
                        ["--endpoint-url", url, "--output", "\(directory)/api", "--source", "api"] + arguments),
                    Executable.run(
                        ["--endpoint-url", url, "--output", "\(directory)/s3", "--source", source] + arguments),
                ]
            }
            #expect(outcomes.map(\.status) == [0, 0], "\(outcomes.map(\.errors))")
            #expect(outcomes[1].output.contains(#""source":"s3""#))
            #expect(exported("\(directory)/s3/customers") == exported("\(directory)/api/customers"))
            #expect(try await ExportedTable("\(directory)/s3/customers").contents().count == 3)
            #expect(athena.badSignatures == 0)
            #expect(s3.calls.count == 1)
        }
    }

    @Test(arguments: ["csv", "ndjson"])
    func `the bytes with one job and with eight are the same, from S3 and from the API`(_ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = customers(6000)
            result.pageRows = 1000
            // One batch of several chunks, which are compressed side by side.
            let athena = FakeAthena(result: result, s3: FakeS3(result), isSigned: isSigned)
            try await athena.serve { url in
                for source in ["api", "s3"] {
                    for jobs in [1, 2, 3, 8] {
                        let outcome = try await Executable.run([
                            "--endpoint-url", url, "--output", "\(directory)/\(source)-\(jobs)", "--source", source,
                            "--format", format, "--jobs", "\(jobs)",
                        ])
                        #expect(outcome.status == 0, "\(outcome.errors)")
                    }
                }
            }
            let expected = exported("\(directory)/api-1/customers")
            let batch = try ExportedTable("\(directory)/api-1/customers").manifest.member("batches").elements()[0]
            #expect(try batch.member("uncompressed_bytes").integer() > 2 * 131_072)
            for source in ["api", "s3"] {
                for jobs in [1, 2, 3, 8] {
                    #expect(exported("\(directory)/\(source)-\(jobs)/customers") == expected, "\(source), \(jobs)")
                }
            }
        }
    }

    /// The owner is set by an option, or named by the service for the bucket of a work group.
    @Test(arguments: [([], FakeS3.owner), (["--expected-bucket-owner", FakeS3.owner], nil)] as [([String], String?)])
    func `the object is read from the bucket of the expected account`(
        _ options: [String], _ said: String?
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = customers(50)
            result.expectedBucketOwner = said
            let s3 = FakeS3(result)
            let athena = FakeAthena(result: result, s3: s3, isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory, "--source", "s3"] + options)
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!s3.calls.isEmpty && athena.badSignatures == 0)
            #expect(s3.calls.allSatisfy { $0.request.header("x-amz-expected-bucket-owner") == FakeS3.owner })
            let sent = try #require(athena.calls.first { $0.operation == "StartQueryExecution" }?.body)
            #expect(sent.contains(#""ExpectedBucketOwner":"\#(FakeS3.owner)""#) == (said == nil))
        }
    }

    /// Whatever the service says about the bucket, for a started query and an existing one.
    @Test(arguments: [[], ["--query-execution-id", "0123"]])
    func `a bucket of another account is refused`(_ query: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = customers(50)
            result.expectedBucketOwner = FakeS3.owner
            result.knowsEveryExecution = true
            let athena = FakeAthena(result: result, s3: FakeS3(result), isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(
                    [
                        "--endpoint-url", url, "--output", directory, "--source", "s3", "--expected-bucket-owner",
                        "999988887777",
                    ] + query)
            }
            #expect(outcome.status == 77 && outcome.errors.contains("AccessDenied"), "\(outcome.errors)")
            #expect(exported("\(directory)/customers").isEmpty)
        }
    }

    @Test func `the object may be in another region, at an endpoint of its own`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let s3 = FakeS3(customers(50), region: "us-west-2")
            let athena = FakeAthena(result: customers(50), isSigned: isSigned)
            let outcome = try await athena.serve { athenaURL in
                try await s3.serve { s3URL in
                    try await Executable.run(
                        ["--output", directory, "--source", "s3"],
                        environment: Executable.environment([
                            "AWS_ENDPOINT_URL_ATHENA": athenaURL, "AWS_ENDPOINT_URL_S3": s3URL,
                        ]))
                }
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(s3.calls.count == 2)
            #expect(s3.calls.allSatisfy { isSigned($0.request) })
        }
    }

    @Test(arguments: [
        ("AccessDenied", 403, 77, "AccessDenied"), ("NoSuchKey", 404, 65, "no result object"),
        ("InternalError", 500, 75, "InternalError"), ("PreconditionFailed", 412, 65, "was replaced"),
        ("InvalidRequest", 400, 78, "InvalidRequest"),
    ])
    func `an object that cannot be read ends with the reason and the status that fits`(
        _ code: String, _ httpStatus: Int, _ status: Int32, _ words: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let s3 = FakeS3(customers(50)) { _ in .s3Error(code, status: httpStatus) }
            let athena = FakeAthena(result: customers(50), s3: s3, isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run([
                    "--endpoint-url", url, "--output", directory, "--source", "s3", "--max-attempts", "2",
                ])
            }
            #expect(outcome.status == status, "\(outcome.errors)")
            let error = outcome.errors.split(separator: "\n").last ?? ""
            #expect(error.hasPrefix("athena-export: error: ") && error.contains(words), "\(error)")
            #expect(error.contains(FakeS3.location))
            #expect(exported("\(directory)/customers").isEmpty)
        }
    }

    @Test(
        arguments: [
            (nil, nil, "does not say where"), ("s3://results/exports/x.txt", nil, "not CSV"),
            (FakeS3.location, "CSE_KMS", "CSE_KMS"),
            ("s3://results@evil.example/x.csv", nil, "not the place of an object"),
        ] as [(String?, String?, String)])
    func `an object that is missing is reported as missing`(
        _ location: String?, _ encryption: String?, _ words: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = customers(50)
            result.outputLocation = location
            result.encryptionOption = encryption
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let outcomes = try await athena.serve { url in
                try await [
                    Executable.run(["--endpoint-url", url, "--output", "\(directory)/s3", "--source", "s3"]),
                    Executable.run(["--endpoint-url", url, "--output", "\(directory)/auto"]),
                ]
            }
            #expect(outcomes.map(\.status) == [78, 0])
            #expect(outcomes[0].errors.contains(words), "\(outcomes[0].errors)")
            #expect(outcomes[1].errors.contains(words), "\(outcomes[1].errors)")
            #expect(try member("source_note", ofRunIn: "\(directory)/auto/customers")?.contains(words) == true)
        }
    }

    @Test func `a host of S3 that does not answer leaves the API`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: customers(50), isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(
                    ["--output", directory],
                    environment: Executable.environment([
                        "AWS_ENDPOINT_URL_ATHENA": url, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
                    ]))
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("reading by GetQueryResults, not from S3 reason="))
            #expect(try member("source", ofRunIn: "\(directory)/customers") == "api")
            #expect(try member("source_note", ofRunIn: "\(directory)/customers")?.contains("127.0.0.1:1") == true)
        }
    }
}

@Suite(.limitedConcurrency) struct `Kills while reading from S3` {
    /// Twelve megabytes, so that there are three ranges at which to kill.
    private static let large: FakeResult = {
        var result = FakeResult.customers(24).inS3
        result.row = { number in
            var row = FakeResult.customer(number)
            row[1] = String(repeating: "line \(number), \"quoted\"\n", count: 24 << 10)
            return row
        }
        return result
    }()

    @Test func `a run killed at any part is completed by the same command to the same bytes`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let content = Self.large.csv
            func arguments(_ url: String, _ output: String) -> [String] {
                ["--endpoint-url", url, "--output", output, "--batch-rows", "5", "--source", "s3"]
            }
            let whole = FakeS3(content)
            let expected = try await FakeAthena(result: Self.large, s3: whole, isSigned: isSigned).serve { url in
                let outcome = try await Executable.run(arguments(url, "\(directory)/reference"))
                #expect(outcome.status == 0, "\(outcome.errors)")
                return exported("\(directory)/reference/customers")
            }
            #expect(expected.count == 5)
            #expect(whole.calls.count >= 3)
            for number in 1...whole.calls.count {
                let process = RunningProcess()
                let s3 = FakeS3(content) { call in call.number == number ? .before { process.kill() } : nil }
                let athena = FakeAthena(result: Self.large, s3: s3, isSigned: isSigned)
                let output = "\(directory)/\(number)"
                let (killed, resumed) = try await athena.serve { url in
                    let killed = try await Executable.run(arguments(url, output), onStart: process.started)
                    return (killed, try await Executable.run(arguments(url, output)))
                }
                #expect(killed.status == nil, "part \(number) was not reached")
                #expect(resumed.status == 0, "part \(number): \(resumed.errors)")
                #expect(exported("\(output)/customers") == expected, "part \(number)")
                #expect(athena.executionIDs.count == 1)
            }
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `a run killed before a call that touches a file is completed by the same command to the same bytes`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            func arguments(_ url: String, _ output: String) -> [String] {
                [
                    "--endpoint-url", url, "--output", output, "--batch-rows", "20", "--run-id", "nightly", "--source",
                    "s3",
                ]
            }
            let log = "\(directory)/points"
            let result = customers(50)
            let s3 = FakeS3(result)
            let reference = try await FakeAthena(result: result, s3: s3, isSigned: isSigned).serve { url in
                try await Executable.run(
                    arguments(url, "\(directory)/reference"),
                    environment: FaultShim.environment(root: "\(directory)/reference", log: log))
            }
            try #require(reference.status == 0, "\(reference.errors)")
            let expected = exported("\(directory)/reference/customers")
            let manifest = try ExportedTable.comparable("\(directory)/reference/customers/manifest.json")
            let points = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
            #expect(points >= 50)
            // A few of them: the writes are those of a run by the API, for which every one is tried.
            for point in stride(from: 1, through: points, by: max(1, points / 12)) {
                let output = "\(directory)/\(point)"
                let athena = FakeAthena(result: result, s3: FakeS3(result), isSigned: isSigned)
                let (killed, resumed) = try await athena.serve { url in
                    let killed = try await Executable.run(
                        arguments(url, output),
                        environment: FaultShim.environment(FileFault(action: .kill, point: point), root: output))
                    return (killed, try await Executable.run(arguments(url, output)))
                }
                #expect(killed.status == nil, "point \(point) was not reached")
                #expect(resumed.status == 0, "point \(point): \(resumed.errors)")
                #expect(exported("\(output)/customers") == expected, "point \(point)")
                #expect(
                    try ExportedTable.comparable("\(output)/customers/manifest.json") == manifest, "point \(point)")
            }
        }
    }
}
