import Foundation
import Testing
import TestSupport
import Threading

@Suite(.limitedConcurrency) struct `An upload that is killed` {
    @Test
    func `an upload killed at any call to the service is completed by the same command, and nothing is sent twice`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let export = try await UploadedExport(in: directory)
            let reference = StrictS3()
            try await reference.serve { endpoint in
                let outcome = try await export.upload(endpoint)
                try #require(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(reference.contents == export.expected)
            try #require(reference.calls.count == 7)
            // At its first call and at its last, and at those between that are this run's.
            let taken = Set([1, reference.calls.count] + FaultInjectionJob.taken(of: reference.calls.count))
            for number in taken.sorted() {
                let process = RunningProcess()
                let s3 = StrictS3(script: { call in
                    guard call.number == number else { return nil }
                    // What has come over a connection is stored, though its other end is gone.
                    return .before { process.kill() }
                })
                try await s3.serve { endpoint in
                    let killed = try await export.upload(endpoint, onStart: process.started)
                    #expect(killed.status == nil, "call \(number) was not reached")
                    let outcome = try await export.upload(endpoint)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                }
                #expect(s3.contents == export.expected, "killed at call \(number)")
                #expect(s3.keys("PutObject").count == 5, "killed at call \(number)")
                #expect(s3.violations.isEmpty, "killed at call \(number)")
            }
        }
    }

    @Test func `killed at random times until it completes, an upload sends no file twice that was there`() async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let export = try await UploadedExport(in: directory)
            let clock = ContinuousClock()
            let whole = try await StrictS3().serve { endpoint in
                try await clock.measure { _ = try await export.upload(endpoint) }
            }
            let kills = Locked(0)
            try await forEachConcurrently(Array(1...4)) { worker in
                var round = 0
                while kills.withLock({ $0 }) < FaultInjectionJob.randomKills {
                    round += 1
                    let comment: Comment = "worker \(worker), round \(round)"
                    let s3 = StrictS3()
                    try await s3.serve { endpoint in
                        while try await !Self.upload(export, endpoint, killedWithin: whole * 1.2, comment) {
                            kills.withLock { $0 += 1 }
                        }
                    }
                    #expect(s3.contents == export.expected, comment)
                    #expect(s3.keys("PutObject").count == 5, comment)
                    #expect(s3.violations.isEmpty, comment)
                }
            }
        }
    }

    /// - Returns: whether the upload completed before it was killed.
    private static func upload(
        _ export: UploadedExport, _ endpoint: String, killedWithin limit: Duration, _ comment: Comment
    ) async throws -> Bool {
        let process = RunningProcess()
        let timer = Task {
            try await Task.sleep(for: limit * Double.random(in: 0...1))
            process.kill()
        }
        defer { timer.cancel() }
        let outcome = try await export.upload(endpoint, onStart: process.started)
        guard let status = outcome.status else { return false }
        #expect(status == 0, "\(comment): \(outcome.errors)")
        return true
    }
}
