import Athena
import BatchExport
import Testing

@testable import athena_export

@Suite struct `Options of write mode and schema change` {
    private static let statement = ["--query", "SELECT 1", "--table", "events"]

    @Test func `a run upserts and refuses new columns unless told otherwise`() throws {
        let options = try ConfigurationCheck.configuration([]).export.export
        #expect(options.primaryKey == ["customer_id"] && options.onSchemaChange == .fail)
        let told = try ConfigurationCheck.configuration(["--on-schema-change", "append_new_columns"]).export.export
        #expect(told.onSchemaChange == .appendNewColumns)
    }

    @Test func `a statement of one's own needs no key where rows are appended`() throws {
        let options = try ConfigurationCheck.configuration(Self.statement + ["--write-mode", "append"]).export.export
        #expect(options.primaryKey.isEmpty)
        ConfigurationCheck(Self.statement).expectRefused(.usage, ["--key", "--write-mode append"])
        ConfigurationCheck(Self.statement + ["--write-mode", "upsert"]).expectRefused(.usage, ["--key"])
    }

    @Test func `a key and a number of full runs do not go with appended rows`() async throws {
        let append = Self.statement + ["--write-mode", "append"]
        ConfigurationCheck(append + ["--key", "id"]).expectRefused(.usage, ["--key", "leave it out"])
        ConfigurationCheck(append + ["--prune-runs", "2"]).expectRefused(.usage, ["--prune-runs", "leave it out"])
        try await ConfigurationCheck.file(#"{"write_mode": "append", "primary_key": ["id"]}"#.utf8)
            .expectRefused(.configuration, ["primary_key", "line 1"])
        try await ConfigurationCheck.file(#"{"write_mode": "append", "prune_runs": 2}"#.utf8)
            .expectRefused(.configuration, ["prune_runs", "line 1"])
        #expect(try await ConfigurationCheck.file(#"{"write_mode": "append"}"#.utf8) == .accepted)
    }

    @Test(arguments: ["write_mode", "on_schema_change"])
    func `a value that is none is refused with those that there are`(_ key: String) async throws {
        let option = "--" + key.map { $0 == "_" ? "-" : String($0) }.joined()
        let words = key == "write_mode" ? ["upsert", "append"] : ["fail", "append_new_columns"]
        ConfigurationCheck([option, "merge"]).expectRefused(.usage, [option] + words)
        try await ConfigurationCheck.file("{\"\(key)\": \"merge\"}".utf8).expectRefused(.configuration, [key] + words)
    }

    @Test func `a request of upserts has the fingerprint of older versions, and appended rows have another`() throws {
        let upsert = try ConfigurationCheck.configuration(["--on-schema-change", "append_new_columns"]).export.request
        #expect(upsert.value("write_mode") == nil && upsert.value("on_schema_change") == nil)
        #expect(upsert == (try ConfigurationCheck.configuration([]).export.request))
        let append = try ConfigurationCheck.configuration(["--write-mode", "append"]).export.request
        #expect(append.value("write_mode") == "append" && append.value("primary_key") == "")
        #expect(append.fingerprint != upsert.fingerprint)
    }
}
