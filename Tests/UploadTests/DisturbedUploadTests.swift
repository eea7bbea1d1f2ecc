import AWS
import BatchExport
import Foundation
import JSON
import Testing
import TestSupport
import Threading
import Upload

@Suite struct `An upload over a network that fails` {
    private func withTable(_ body: (TableOnDisk) async throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = TableOnDisk("\(directory)/customers")
            try table.write()
            try await body(table)
        }
    }

    @Test(arguments: [FaultyTransport.Loss.inBody, .ofAnswer, .stalled], 1...5)
    func `an upload completes after a lost request or a lost answer, and nothing is written twice`(
        _ loss: FaultyTransport.Loss, _ number: Int
    ) async throws {
        try await withTable { table in
            var setup = UploadSetup()
            setup.fault = { method, count in method == "PUT" && count == number ? loss : nil }
            let outcome = try await setup.run(table)
            #expect(setup.uploaded == table.uploaded)
            #expect(outcome.sent + outcome.present == 5)
            #expect(setup.s3.keys("PutObject").count == 5)
            #expect(setup.s3.violations.isEmpty)
        }
    }

    @Test(arguments: [
        Fault.s3Error("InternalError", status: 500), .s3Error("SlowDown", status: 503),
        .s3Error("RequestTimeout", status: 400), .s3Error("ConditionalRequestConflict", status: 409),
        .s3Error("InternalError", status: 200), .respond(status: 200, body: "<html>log in</html>"),
    ])
    func `an upload repeats a call that S3 cannot answer now`(_ fault: Fault) async throws {
        try await withTable { table in
            let s3 = StrictS3(script: { $0.number % 2 == 1 ? fault : nil })
            var setup = UploadSetup(s3)
            setup.attempts = 20
            try await setup.run(table)
            #expect(setup.uploaded == table.uploaded)
            #expect(s3.violations.isEmpty)
        }
    }

    @Test(arguments: ["GetObject", "ListObjectsV2", "PutObject", "HeadObject"])
    func `an upload says which permission a refused call needs`(_ operation: String) async throws {
        try await withTable { table in
            let s3 = StrictS3(script: {
                $0.operation == operation ? .s3Error("AccessDenied", "Access Denied", status: 403) : nil
            })
            let setup = UploadSetup(s3)
            if operation == "HeadObject" {
                s3.place("lake/customers/\(TableOnDisk.dataPath(1))", table.batches[0].content)
            }
            await #expect {
                try await setup.run(table)
            } throws: { error in
                guard case .service(let error)? = (error as? UploadError)?.category else { return false }
                return error.category == .credentials
            }
            let permission = [
                "GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket", "PutObject": "s3:PutObject",
                "HeadObject": "s3:GetObject",
            ]
            do {
                try await setup.run(table)
            } catch {
                #expect("\(error)".contains("this call needs \(permission[operation] ?? "")"), "\(error)")
            }
        }
    }

    @Test func `an upload continues after the manifest was replaced by an earlier upload at the same time`()
        async throws
    {
        try await withTable { table in
            var older = table
            older.batches.removeLast()
            let bytes = older.manifest.serialized(pretty: true)
            let server = Locked<StrictS3?>(nil)
            let s3 = StrictS3(script: { call in
                guard call.operation == "PutObject", call.operationNumber == 5 else { return nil }
                return .before { server.withLock { $0 }?.place("lake/customers/manifest.json", bytes) }
            })
            server.withLock { $0 = s3 }
            let setup = UploadSetup(s3)
            try await setup.run(table)
            #expect(setup.uploaded == table.uploaded)
            #expect(s3.violations.isEmpty)
        }
    }

    @Test func `an upload says that files may have been sent where a newer manifest comes while it sends them`()
        async throws
    {
        try await withTable { table in
            var newer = table
            newer.batches.append(TableOnDisk.Batch(sequence: 5, content: [5], run: 2))
            let bytes = newer.manifest.serialized(pretty: true)
            let server = Locked<StrictS3?>(nil)
            let s3 = StrictS3(script: { call in
                guard call.operation == "PutObject", call.operationNumber == 1 else { return nil }
                return .before { server.withLock { $0 }?.place("lake/customers/manifest.json", bytes) }
            })
            server.withLock { $0 = s3 }
            await #expect {
                try await UploadSetup(s3).run(table)
            } throws: { error in
                guard case .untrusted? = (error as? UploadError)?.category else { return false }
                return "\(error)".contains("it is newer") && !"\(error)".contains("nothing was changed")
                    && "\(error)".contains("it was not replaced, but files of this directory may have been sent")
            }
            #expect(s3.objects["lake/customers/manifest.json"]?.bytes == bytes)
            #expect(s3.keys("PutObject").count == 4)
        }
    }

    @Test(arguments: [
        ([UInt8](repeating: 9, count: 3), "the manifest says 20 bytes, the file has 3"),
        ([UInt8](repeating: 9, count: 20), "the manifest says SHA-256"),
    ])
    func `an upload names the file that was changed while files were sent, and says to restore it`(
        _ bytes: [UInt8], _ words: String
    ) async throws {
        try await withTable { table in
            let path = "\(table.path)/\(TableOnDisk.dataPath(2))"
            let s3 = StrictS3(script: { call in
                guard call.operation == "PutObject", call.operationNumber == 1 else { return nil }
                return .before { try? Data(bytes).write(to: URL(fileURLWithPath: path)) }
            })
            await #expect {
                try await UploadSetup(s3).run(table) { $0.filesAtATime = 1 }
            } throws: { error in
                guard case .untrusted? = (error as? UploadError)?.category else { return false }
                return "\(error)".hasPrefix("\(path): \(words)") && "\(error)".contains("; restore the file")
            }
            #expect(s3.keys("PutObject").count == 1)
        }
    }

    @Test func `an upload whose bytes change on their way blames the way and not the file`() async throws {
        try await withTable { table in
            let s3 = StrictS3(script: { $0.operation == "PutObject" ? .s3Error("BadDigest", status: 400) : nil })
            await #expect {
                try await UploadSetup(s3).run(table)
            } throws: { error in
                guard case .service(let cause)? = (error as? UploadError)?.category else { return false }
                return cause.category == .untrustedAnswer
                    && "\(error)".contains("S3 has received other bytes than were sent (BadDigest); check what stands")
            }
        }
    }

    @Test func `an upload whose writes are answered by something else than S3 does not succeed`() async throws {
        try await withTable { table in
            let s3 = StrictS3(script: {
                $0.operation == "PutObject" ? .respond(status: 200, body: "<html>log in</html>") : nil
            })
            let setup = UploadSetup(s3)
            await #expect {
                try await setup.run(table)
            } throws: { error in
                guard case .service(let cause)? = (error as? UploadError)?.category else { return false }
                return cause.category == .untrustedAnswer
            }
            #expect(setup.outcomes.withLock { $0 }?.sent == 0)
        }
    }

    @Test func `an upload gives up where the manifest is replaced again and again`() async throws {
        try await withTable { table in
            let s3 = StrictS3(script: { call in
                call.operation == "PutObject" && call.operationNumber >= 5
                    ? .s3Error("PreconditionFailed", status: 412) : nil
            })
            await #expect {
                try await UploadSetup(s3).run(table)
            } throws: { error in
                guard case .contested? = error as? UploadError else { return false }
                return true
            }
        }
    }

    @Test func `an upload stopped at any request is completed by the next one, which writes nothing twice`()
        async throws
    {
        try await withTable { table in
            // Two of its own, a page of the list, a HEAD for each object that is there, five files.
            for stop in 1...12 {
                let s3 = StrictS3()
                var stopped = UploadSetup(s3)
                stopped.attempts = 1
                let count = Locked(0)
                stopped.fault = { _, _ in
                    let number = count.withLock { count in
                        count += 1
                        return count
                    }
                    return number == stop ? .ofAnswer : nil
                }
                _ = try? await stopped.run(table)
                let setup = UploadSetup(s3)
                try await setup.run(table)
                #expect(setup.uploaded == table.uploaded)
                #expect(s3.keys("PutObject").count == 5, "stopped at request \(stop)")
                #expect(s3.violations.isEmpty)
            }
        }
    }
}
