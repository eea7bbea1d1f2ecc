import AWS
import BatchExport
import Foundation
import Testing
import TestSupport
import Threading
import Upload

@Suite struct `An upload` {
    private func withTable(
        sizes: [Int] = [10, 20, 30, 40], _ body: (TableOnDisk) async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = TableOnDisk("\(directory)/anything", sizes: sizes)
            try table.write()
            try await body(table)
        }
    }

    @Test func `an upload leaves the bucket with what the manifest lists, and the manifest is written last`()
        async throws
    {
        try await withTable { table in
            let setup = UploadSetup()
            let outcome = try await setup.run(table)
            #expect(setup.uploaded == table.uploaded)
            #expect(setup.s3.keys("PutObject").last == "lake/customers/manifest.json")
            #expect(setup.s3.violations.isEmpty)
            #expect(outcome.files == 5 && outcome.sent == 5 && outcome.present == 0 && outcome.removed == 0)
            #expect(outcome.bytes == table.uploaded.values.reduce(0) { $0 + $1.count })
            #expect(outcome.sentBytes == outcome.bytes)
            let object = try #require(setup.s3.objects["lake/customers/\(TableOnDisk.dataPath(1))"])
            #expect(object.headers["content-type"] == "application/gzip")
            #expect(object.headers["content-encoding"] == nil)
            #expect(object.headers["x-amz-server-side-encryption"] == nil)
        }
    }

    @Test func `an upload that is run again finds everything there and sends nothing`() async throws {
        try await withTable { table in
            let setup = UploadSetup()
            try await setup.run(table)
            setup.s3.forgetCalls()
            let outcome = try await setup.run(table)
            #expect(outcome.sent == 0 && outcome.sentBytes == 0 && outcome.present == 5)
            #expect(setup.s3.calls.allSatisfy { $0.operation != "PutObject" })
        }
    }

    @Test func `an upload after another run sends the new files alone and replaces the manifest`() async throws {
        try await withTable { table in
            var table = table
            let setup = UploadSetup()
            try await setup.run(table)
            table.batches.append(TableOnDisk.Batch(sequence: 5, content: [1, 2, 3], run: 2))
            try table.write()
            setup.s3.forgetCalls()
            let outcome = try await setup.run(table)
            #expect(outcome.sent == 2 && outcome.present == 4)
            #expect(
                setup.s3.keys("PutObject").map { $0.dropFirst("lake/customers/".count) } == [
                    TableOnDisk.dataPath(5)[...], "manifest.json",
                ])
            #expect(setup.uploaded == table.uploaded)
        }
    }

    @Test func `an upload of an empty table puts the manifest there`() async throws {
        try await withTable(sizes: []) { table in
            let setup = UploadSetup()
            let outcome = try await setup.run(table)
            #expect(outcome.sent == 1)
            #expect(setup.uploaded == table.uploaded)
        }
    }

    @Test func `an upload asks for the bucket's owner and for encryption with the key`() async throws {
        try await withTable { table in
            var setup = UploadSetup()
            setup.owner = StrictS3.owner
            try await setup.run(table) { $0.kmsKey = "alias/exports" }
            for object in setup.s3.objects.values {
                #expect(object.headers["x-amz-server-side-encryption"] == "aws:kms")
                #expect(object.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/exports")
                #expect(object.headers["x-amz-expected-bucket-owner"] == StrictS3.owner)
            }
        }
    }

    @Test func `an upload puts the manifests of Redshift behind the files and before the manifest`() async throws {
        try await withTable { table in
            let setup = UploadSetup()
            let outcome = try await setup.run(table) { $0.includesRedshiftManifests = true }
            let paths = setup.s3.keys("PutObject").map { String($0.dropFirst("lake/customers/".count)) }
            #expect(paths.count == 9 && paths.last == "manifest.json")
            #expect(paths[..<4].allSatisfy { $0.hasPrefix("data/") })
            #expect(paths[4..<8].allSatisfy { $0.hasPrefix("redshift/") })
            let text = String(
                decoding: setup.uploaded["redshift/customers-000002.csv.gz.manifest"] ?? [], as: UTF8.self)
            #expect(text.contains("\"s3://exports/lake/customers/\(TableOnDisk.dataPath(2))\""))
            #expect(text.contains("\"mandatory\": true"))
            // The counts are those of the manifest.
            #expect(outcome.files == 5 && outcome.sent == 5)
            let again = try await setup.run(table) { $0.includesRedshiftManifests = true }
            #expect(again.sent == 0 && again.present == 5)
        }
    }

    @Test func `an upload removes what the manifest calls pruned if that is asked for, after the manifest`()
        async throws
    {
        try await withTable { table in
            var table = table
            let setup = UploadSetup()
            try await setup.run(table) { $0.includesRedshiftManifests = true }
            setup.s3.place("lake/customers/notes.txt", [1])
            table.pruned = [1...3]
            table.batches = [table.batches[3], TableOnDisk.Batch(sequence: 5, content: [5], run: 2)]
            table.batches[0].run = 1
            try table.write()
            let kept = try await setup.run(table)
            #expect(kept.removed == 0)
            #expect(setup.uploaded[TableOnDisk.dataPath(1)] != nil)
            setup.s3.forgetCalls()
            let outcome = try await setup.run(table) { $0.prunes = true }
            #expect(outcome.removed == 6 && outcome.sent == 0)
            #expect(setup.s3.keys("DeleteObject").count == 6)
            #expect(
                Set(setup.uploaded.keys) == [
                    TableOnDisk.dataPath(4), TableOnDisk.dataPath(5), "manifest.json", "notes.txt",
                    "redshift/customers-000004.csv.gz.manifest",
                ])
        }
    }

    @Test func `an upload takes an object without a checksum for its own if the bytes are the same`() async throws {
        try await withTable { table in
            let setup = UploadSetup()
            for (path, bytes) in table.uploaded where path != "manifest.json" {
                setup.s3.place("lake/customers/\(path)", bytes)
            }
            let outcome = try await setup.run(table)
            #expect(outcome.sent == 1 && outcome.present == 4)
            #expect(setup.uploaded == table.uploaded)
        }
    }

    @Test func `an upload reports each byte once, also those that are sent again`() async throws {
        try await withTable { table in
            var setup = UploadSetup()
            setup.fault = { method, number in method == "PUT" && number == 2 ? .inBody : nil }
            let figures = Locked((planned: 0, sent: 0, arrived: 0))
            let outcome = try await setup.run(
                table,
                report: { progress in
                    figures.withLock {
                        switch progress {
                        case .planned(_, let bytes): $0.planned = bytes
                        case .sent(let bytes): $0.sent += bytes
                        case .arrived: $0.arrived += 1
                        }
                    }
                })
            let seen = figures.withLock { $0 }
            #expect(seen.planned == outcome.bytes && seen.sent == outcome.bytes && seen.arrived == 5)
        }
    }
}
