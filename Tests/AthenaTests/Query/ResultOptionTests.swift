import Athena
import AWS
import Foundation
import JSON
import Testing
import TestSupport

/// The options of a result in StartQueryExecution, and their record in the manifest.
@Suite struct `Options of the result` {
    private static let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

    private func started(_ query: AthenaQuery, _ result: FakeResult) async throws -> (
        request: JSONField, run: JSONField
    ) {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: result)
            var export = InProcessExport(athena, in: directory)
            export.query = .start(query)
            _ = try await export.run()
            let call = try #require(athena.calls.first { $0.operation == "StartQueryExecution" })
            return (
                JSONField(try JSONValue(parsing: Array(call.body.utf8))),
                try export.manifest().member("runs").elements()[0]
            )
        }
    }

    @Test func `a KMS key and an age of results are sent to Athena as it names them`() async throws {
        let query = AthenaQuery(statement: "SELECT 1", kmsKey: Self.key, reusedResultMinutes: 90)
        let request = try await started(query, FakeResult(rowCount: 3)).request
        let encryption = try request.member("ResultConfiguration").member("EncryptionConfiguration")
        #expect(try encryption.member("EncryptionOption").string() == "SSE_KMS")
        #expect(try encryption.member("KmsKey").string() == Self.key)
        let reuse = try request.member("ResultReuseConfiguration").member("ResultReuseByAgeConfiguration")
        #expect(try reuse.member("Enabled").bool())
        #expect(try reuse.member("MaxAgeInMinutes").integer() == 90)
    }

    @Test func `a query without them says nothing of encryption or of earlier results`() async throws {
        let (request, run) = try await started(AthenaQuery(statement: "SELECT 1"), FakeResult(rowCount: 3))
        #expect(try request.optionalMember("ResultConfiguration") == nil)
        #expect(try request.optionalMember("ResultReuseConfiguration") == nil)
        #expect(try run.optionalMember("reused_previous_result") == nil)
        #expect(try run.optionalMember("effective_engine_version") == nil)
    }

    @Test(arguments: [true, false])
    func `the manifest says whether the result was reused, and on which engine the query ran`(
        _ isReused: Bool
    ) async throws {
        var result = FakeResult(rowCount: 30)
        result.reusedPreviousResult = isReused
        result.effectiveEngineVersion = "Athena engine version 3"
        let run = try await started(AthenaQuery(statement: "SELECT 1", reusedResultMinutes: 60), result).run
        #expect(try run.member("reused_previous_result").bool() == isReused)
        #expect(try run.member("effective_engine_version").string() == "Athena engine version 3")
    }
}
