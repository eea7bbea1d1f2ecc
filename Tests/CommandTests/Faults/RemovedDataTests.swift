import Foundation
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Data removed under a run` {
    @Test(arguments: ["data", "data/batch=000001"])
    func `a run whose data is removed ends with an error, and the same command completes it without another query`(
        _ removed: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = "\(directory)/export/customers"
            var result = FakeResult.customers(50)
            result.pageRows = 11
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                guard call.operation == "GetQueryResults", call.operationNumber == 5 else { return nil }
                return .before {
                    // The rows of the earlier pages make four batches; nothing is written while the run waits for this
                    // page.
                    func state() -> String {
                        (try? String(contentsOfFile: "\(table)/state.json", encoding: .utf8)) ?? ""
                    }
                    while !state().contains(#""next_batch": 5"#) { usleep(1000) }
                    try? FileManager.default.removeItem(atPath: "\(table)/\(removed)")
                }
            }
            try await athena.serve { url in
                let arguments = ["--endpoint-url", url, "--batch-rows", "10", "--source", "api"]
                let disturbed = try await run(arguments, in: directory)
                expectError(disturbed, 74, ["\(removed)", "is gone", "run the same command again"])
                let status = try await run(["status", "export/customers"], in: directory)
                #expect(status.output.contains("interrupted: run ") && status.output.contains("is gone"))
                #expect(try await run(["verify", "export/customers"], in: directory).status == 65)

                let completed = try await run(arguments, in: directory)
                #expect(completed.status == 0, "\(completed.errors)")
                let verified = try await run(["verify", "export/customers"], in: directory)
                #expect(verified.status == 0 && verified.output.contains("5 files, 50 rows"), "\(verified.output)")
                let undisturbed = try await run(arguments + ["--output", "whole"], in: directory)
                #expect(undisturbed.status == 0, "\(undisturbed.errors)")
            }
            #expect(athena.count(of: "StartQueryExecution") == 2)
            func data(_ output: String) -> [String: Data] {
                TestMachine.files(below: "\(directory)/\(output)/customers").filter { $0.key.hasPrefix("data/") }
            }
            #expect(data("export") == data("whole"))
        }
    }
}
