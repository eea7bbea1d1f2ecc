import AWS
import BatchExport
import Foundation
import JSON
import Testing
import TestSupport
import Upload

@Suite struct `Refused uploads` {
    /// Runs an upload that must fail with data that cannot be trusted, and compares the bucket with what it was.
    private func expectRefusal(
        _ setup: UploadSetup, _ table: TableOnDisk, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = setup.s3.objects
        await #expect(sourceLocation: sourceLocation) {
            try await setup.run(table)
        } throws: { error in
            guard let error = error as? UploadError, case .untrusted = error.category else { return false }
            return "\(error)".contains(words)
        }
        #expect(setup.s3.objects == before, sourceLocation: sourceLocation)
    }

    private func withTable(_ body: (TableOnDisk, String) async throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = TableOnDisk("\(directory)/customers")
            try table.write()
            try await body(table, "\(directory)/customers/\(TableOnDisk.dataPath(3))")
        }
    }

    @Test func `an upload refuses a file whose bytes were changed, and sends none of the others`() async throws {
        try await withTable { table, file in
            try Data(repeating: 1, count: 30).write(to: URL(fileURLWithPath: file))
            try await expectRefusal(UploadSetup(), table, "the manifest says SHA-256")
        }
    }

    @Test func `an upload refuses a file of another size, a missing one and a link`() async throws {
        try await withTable { table, file in
            try Data(repeating: 1, count: 31).write(to: URL(fileURLWithPath: file))
            try await expectRefusal(UploadSetup(), table, "the manifest says 30 bytes, the file has 31")
            try FileManager.default.removeItem(atPath: file)
            try await expectRefusal(UploadSetup(), table, "it is missing")
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/dev/null")
            try await expectRefusal(UploadSetup(), table, "it is not a regular file")
        }
    }

    @Test(arguments: [[UInt8](repeating: 9, count: 20), [9]])
    func `an upload refuses an object with another content, and does not overwrite it`(_ bytes: [UInt8]) async throws {
        try await withTable { table, _ in
            let setup = UploadSetup()
            setup.s3.place("lake/customers/\(TableOnDisk.dataPath(2))", bytes)
            try await expectRefusal(setup, table, "it is there already")
        }
    }

    @Test(arguments: [
        "lake/customers/data/batch=000001/orders-000001.csv.gz", "lake/customers/data/part-0.parquet",
        "lake/customers/deleted/batch=000001/customers-000002.csv.gz", "lake/customers/orders/manifest.json",
        "lake/customers/eu/orders/data/batch=000001/orders-000001.csv.gz",
        "lake/customers/data/batch=000001/customers-000001.ndjson.gz",
        // Names in which a mark combines with the character before it, and one that no message can show as it is.
        "lake/customers/data/\u{301}x.csv.gz", "lake/customers/deleted/\u{301}x.csv.gz",
        "lake/customers/eu\u{301}/manifest.json", "lake/customers/eu/data/batch=\u{301}1/x.csv.gz",
        "lake/customers/data/\u{7}x.csv.gz",
    ])
    func `an upload refuses a prefix with objects of another table`(_ key: String) async throws {
        try await withTable { table, _ in
            let setup = UploadSetup()
            setup.s3.place(key, [1])
            try await expectRefusal(setup, table, "give each table a prefix of its own")
        }
    }

    @Test func `an upload refuses an object whose name only looks like the name of a file of the table`() async throws {
        try await withTable { table, _ in
            var other = table
            other.table = "K"
            try other.write()
            let setup = UploadSetup()
            // The sign of Kelvin, which Swift's == does not tell from the letter.
            setup.s3.place("lake/customers/\(TableOnDisk.dataPath(1, table: "\u{212a}"))", table.batches[0].content)
            try await expectRefusal(setup, other, "give each table a prefix of its own")
        }
    }

    @Test func `an upload refuses no prefix because of objects that no reader takes for rows`() async throws {
        try await withTable { table, _ in
            let setup = UploadSetup()
            for key in [
                "lake/customers/", "lake/customers/data/", "lake/customers/_SUCCESS", "lake/orders/manifest.json",
                "lake/customers/\u{301}notes", "lake/customers/data\u{301}/x",
            ] {
                setup.s3.place(key, key.hasSuffix("/") ? [] : [1])
            }
            try await setup.run(table)
        }
    }

    @Test func `an upload refuses a manifest that is too large once the first answer tells its size`() async throws {
        try await withTable { table, _ in
            let size = PublishedManifest.maximumBytes + 1
            let s3 = StrictS3(script: { call in
                guard call.operation == "GetObject" else { return nil }
                return .respond(
                    status: 206, body: String(repeating: " ", count: 64 << 10),
                    headers: ["ETag": "\"v1\"", "Content-Range": "bytes 0-\((8 << 20) - 1)/\(size)"])
            })
            try await expectRefusal(UploadSetup(s3), table, "it has \(size) bytes, more than any manifest")
            #expect(s3.calls.count == 1)
        }
    }

    @Test func `an upload does not read an object that has grown since it was listed`() async throws {
        try await withTable { table, _ in
            let setup = UploadSetup(
                StrictS3(script: { call in
                    guard call.operation == "GetObject", call.operationNumber > 1 else { return nil }
                    return .respond(
                        status: 206, body: String(repeating: " ", count: 64 << 10),
                        headers: ["ETag": "\"v1\"", "Content-Range": "bytes 0-\((2 << 20) - 1)/\(5 << 40)"])
                }))
            setup.s3.place("lake/customers/\(TableOnDisk.dataPath(2))", table.batches[1].content)
            try await expectRefusal(setup, table, "it is there already with \(5 << 40) bytes, and the file has 20")
            #expect(setup.s3.keys("GetObject").count == 1)
        }
    }

    @Test func `an upload refuses to replace the manifest of another table, of another key, or something else`()
        async throws
    {
        try await withTable { table, _ in
            var other = table
            other.table = "orders"
            var otherKey = table
            otherKey.key = "number"
            let manifests: [([UInt8], String)] = [
                (other.manifest.serialized(pretty: true), "it is of table orders"),
                (otherKey.manifest.serialized(pretty: true), "it is of another export of the table"),
                (Array("{}".utf8), "it is no manifest of this program"), ([], "it is empty"),
            ]
            for (bytes, words) in manifests {
                let setup = UploadSetup()
                setup.s3.place("lake/customers/manifest.json", bytes)
                try await expectRefusal(setup, table, words)
            }
        }
    }

    @Test func `an upload refuses to replace a newer manifest`() async throws {
        try await withTable { table, _ in
            let setup = UploadSetup()
            var newer = table
            newer.batches.append(TableOnDisk.Batch(sequence: 5, content: [5], run: 2))
            setup.s3.place("lake/customers/manifest.json", newer.manifest.serialized(pretty: true))
            try await expectRefusal(setup, table, "it is newer: it has run run-2")
            newer.batches[4].run = 1
            setup.s3.place("lake/customers/manifest.json", newer.manifest.serialized(pretty: true))
            try await expectRefusal(setup, table, "it is newer: it lists \(TableOnDisk.dataPath(5))")
            newer.batches = Array(table.batches[1...])
            newer.pruned = [1...1]
            setup.s3.place("lake/customers/manifest.json", newer.manifest.serialized(pretty: true))
            try await expectRefusal(setup, table, "it is newer: batch 1 is pruned there")
            newer.pruned = []
            newer.batches[0].content = [7]
            setup.s3.place("lake/customers/manifest.json", newer.manifest.serialized(pretty: true))
            try await expectRefusal(setup, table, "has another content there")
        }
    }
}
