import Foundation
import JSON
import Testing
import TestSupport
import Threading

@Suite(.limitedConcurrency) struct `Kills and recovery` {
    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs), arguments: ["csv", "ndjson"],
        FaultInjectionJob.Source.allCases)
    func `SIGKILL before any call that touches a file leaves what the same command completes to the same bytes`(
        _ format: String, _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared(format, from: source) { job in
            try await job.forEachPoint { point in
                let output = job.output(point)
                let killed = try await job.run(output, FileFault(action: .kill, point: point))
                #expect(killed.status == nil, "point \(point) was not reached")
                try await job.expectManifestHolds(output, "point \(point)")
                try job.expectComplete(output, try await job.run(output), "point \(point)")
            }
        }
    }

    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs),
        arguments: zip(["ndjson", "csv"], FaultInjectionJob.Source.allCases))
    func `SIGKILL in a run that adds columns leaves what the same command completes to the same bytes`(
        _ format: String, _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared(format, from: source, addsColumns: true) { job in
            try await job.forEachPoint { point in
                try await Self.killTwice(job, point, 20)
            }
        }
    }

    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs),
        arguments: zip(["csv", "ndjson"], FaultInjectionJob.Source.allCases))
    func `SIGKILL while batches are in the log alone leaves what the same command completes to the same bytes`(
        _ format: String, _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared(format, from: source, batchRows: .one) { job in
            try await job.forEachPoint { point in
                try await Self.killTwice(job, point, 20)
            }
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs), arguments: FaultInjectionJob.Source.allCases)
    func `killed at a point and again at the same point of the run that recovers, the third run completes`(
        _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared("csv", from: source) { job in
            try await job.forEachPoint { point in
                try await Self.killTwice(job, point, point)
            }
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs), arguments: FaultInjectionJob.Source.allCases)
    func `killed at any two points, the third run completes`(_ source: FaultInjectionJob.Source) async throws {
        try await FaultInjectionJob.prepared("ndjson", from: source) { job in
            // A fixed seed: the pairs are the same in every run.
            var random = SplitMix(seed: 20_261_123)
            let pairs = (0..<200 / FaultInjectionJob.stride).map { _ in
                (Int.random(in: 1...job.points.count, using: &random), Int.random(in: 1...60, using: &random))
            }
            try await forEachConcurrently(pairs) { first, second in
                try await Self.killTwice(job, first, second)
            }
        }
    }

    /// The recovering run has fewer points, so the second kill may come too late; then the run has completed.
    private static func killTwice(_ job: FaultInjectionJob, _ first: Int, _ second: Int) async throws {
        let output = job.output("\(first)-\(second)-\(UUID().uuidString)")
        let comment: Comment = "points \(first) and \(second)"
        for point in [first, second] {
            let killed = try await job.run(output, FileFault(action: .kill, point: point))
            #expect(killed.status == nil || killed.status == 0, comment)
            try await job.expectManifestHolds(output, comment)
        }
        try job.expectComplete(output, try await job.run(output), kills: 2, comment)
    }

    @Test(arguments: FaultInjectionJob.Source.allCases)
    func `SIGKILL during any call to the service leaves what the same command completes to the same bytes`(
        _ source: FaultInjectionJob.Source
    ) async throws {
        let victim = Locked<(number: Int, process: RunningProcess)?>(nil)
        let count = Locked(0)
        try await FaultInjectionJob.prepared("csv", from: source) { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            guard let target = victim.withLock({ $0 }), target.number == number else { return nil }
            return .before { target.process.kill() }
        } _: { job in
            // Start, poll, and pages or the object.
            #expect(job.serviceCalls >= (source == .api ? 8 : 3))
            for number in 1...job.serviceCalls {
                let process = RunningProcess()
                count.withLock { $0 = 0 }
                victim.withLock { $0 = (number, process) }
                let output = job.output(number)
                let killed = try await job.run(output, onStart: process.started)
                victim.withLock { $0 = nil }
                #expect(killed.status == nil, "call \(number) was not reached")
                try await job.expectManifestHolds(output, "call \(number)")
                try job.expectComplete(output, try await job.run(output), "call \(number)")
            }
        }
    }

    @Test(arguments: FaultInjectionJob.Source.allCases)
    func `killed at random times until it completes, an export has the same bytes`(
        _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared("csv", from: source) { job in
            let clock = ContinuousClock()
            let whole = try await clock.measure { _ = try await job.run(job.output("measured")) }
            let kills = Locked(0)
            try await forEachConcurrently(Array(1...4)) { worker in
                var round = 0
                while kills.withLock({ $0 }) < FaultInjectionJob.randomKills {
                    round += 1
                    let output = job.output("\(worker)-\(round)")
                    var killed = 0
                    while true {
                        let process = RunningProcess()
                        let timer = Task {
                            try await Task.sleep(for: whole * Double.random(in: 0...1.2))
                            process.kill()
                        }
                        let outcome = try await job.run(output, onStart: process.started)
                        timer.cancel()
                        try await job.expectManifestHolds(output, "worker \(worker), round \(round)")
                        if let status = outcome.status {
                            #expect(status == 0, "\(outcome.errors)")
                            break
                        }
                        kills.withLock { $0 += 1 }
                        killed += 1
                    }
                    let again = try await job.run(output)
                    try job.expectComplete(output, again, kills: killed, "worker \(worker), round \(round)")
                }
            }
        }
    }
}
