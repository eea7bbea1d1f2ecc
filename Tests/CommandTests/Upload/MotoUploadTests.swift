import Digest
import Foundation
import JSON
import Testing
import TestSupport

/// moto's S3 was written by others; boto3 and DuckDB read from it what was uploaded.
@Suite(.limitedConcurrency, .enabled(if: TestMachine.python != nil, "needs moto and boto3: run Tests/setup"))
struct `An upload to moto's S3` {
    /// DuckDB's extension for `s3://`, as `Tests/setup` installs it; nil if there is none.
    private static let httpfs: String? = TestMachine.python.flatMap { python in
        let environment = URL(fileURLWithPath: python).deletingLastPathComponent().deletingLastPathComponent().path
        let files = FileManager.default.enumerator(atPath: "\(environment)/lib")
        while let path = files?.nextObject() as? String {
            if path.hasSuffix("/httpfs.duckdb_extension") { return "\(environment)/lib/\(path)" }
        }
        return nil
    }

    private func withUpload(
        _ body: (_ address: String, _ export: UploadedExport, _ scratch: String) async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let export = try await UploadedExport(in: directory)
            try await MotoPeer.serve(directory) { address in
                _ = try await MotoPeer.run("bucket", address, "exports")
                let outcome = try await export.upload(address)
                #expect(outcome.status == 0, "\(outcome.errors)")
                try await body(address, export, directory)
            }
        }
    }

    @Test func `an upload leaves there what boto3 reads as the directory's files, and finds all of it the next time`()
        async throws
    {
        try await withUpload { address, export, _ in
            let objects = JSONField(
                try JSONValue(parsing: Array(try await MotoPeer.run("objects", address, "exports").utf8)))
            for (key, bytes) in export.expected {
                #expect(try objects.member(key).string() == SHA256.hash(bytes).hexadecimal)
            }
            let again = try await export.upload(address)
            #expect(again.status == 0, "\(again.errors)")
            #expect(try UploadedExport.summary(again).member("present").integer() == 5)
            #expect(try UploadedExport.summary(again).member("sent").integer() == 0)
        }
    }

    @Test(
        .enabled(if: httpfs != nil && DuckDBTarget.program != nil, "needs DuckDB and its httpfs: run Tests/setup"))
    func `an uploaded table is loaded into DuckDB by the printed script, and once only`() async throws {
        try await withUpload { address, export, directory in
            let script = try await Executable.run([
                "loader", "duckdb", export.directory, "--url-prefix", "s3://exports/lake/customers",
            ])
            #expect(script.status == 0, "\(script.errors)")
            let target = DuckDBTarget(database: "\(directory)/warehouse.duckdb")
            let secret = """
                SET extension_directory = '\(try await Self.extensions(in: directory, target))';
                CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b', REGION 'eu-central-1', URL_STYLE 'path', USE_SSL false,
                  ENDPOINT '\(address.dropFirst("http://".count))');

                """
            for _ in 1...2 {
                let loaded = try await target.run(secret + script.output)
                #expect(loaded.status == 0, "\(loaded.errors)")
            }
            #expect(try await target.query("SELECT count(*), count(DISTINCT customer_id) FROM customers") == ["40|40"])
            #expect(try await target.query("SELECT count(*) FROM athena_export_loads") == ["4"])
        }
    }

    /// A directory in which DuckDB finds the extension as if it had downloaded it.
    private static func extensions(in directory: String, _ target: DuckDBTarget) async throws -> String {
        let source = URL(fileURLWithPath: try #require(httpfs))
        let platform = try #require(try await target.query("PRAGMA platform").first)
        let version = source.deletingLastPathComponent().lastPathComponent
        let place = URL(fileURLWithPath: "\(directory)/extensions/\(version)/\(platform)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: place.appendingPathComponent(source.lastPathComponent), withDestinationURL: source)
        return "\(directory)/extensions"
    }
}
