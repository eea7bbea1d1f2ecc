import Testing
import TestSupport
import Threading

@Suite(.limitedConcurrency) struct `Kills of an export by UNLOAD` {
    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `SIGKILL before any call that touches a file leaves what the same command completes from the same UNLOAD`()
        async throws
    {
        try await FaultInjectionJob.prepared("csv", from: .unload) { job in
            try await job.forEachPoint { point in
                let output = job.output(point)
                let killed = try await job.run(output, FileFault(action: .kill, point: point))
                #expect(killed.status == nil, "point \(point) was not reached")
                try await job.expectManifestHolds(output, "point \(point)")
                try job.expectComplete(output, try await job.run(output), "point \(point)")
            }
        }
    }

    @Test func `SIGKILL during a call to the service leaves what the same command completes from the same UNLOAD`()
        async throws
    {
        let victim = Locked<(number: Int, process: RunningProcess)?>(nil)
        let count = Locked(0)
        try await FaultInjectionJob.prepared("ndjson", from: .unload) { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            guard let target = victim.withLock({ $0 }), target.number == number else { return nil }
            return .before { target.process.kill() }
        } _: { job in
            // Two queries, their states, columns, the count, the list, and each object twice; then it is removed, and what
            // is left is listed.
            #expect(job.serviceCalls >= 17)
            for number in FaultInjectionJob.taken(of: job.serviceCalls, stride: 3) {
                let process = RunningProcess()
                count.withLock { $0 = 0 }
                victim.withLock { $0 = (number, process) }
                let output = job.output("call-\(number)")
                let killed = try await job.run(output, onStart: process.started)
                victim.withLock { $0 = nil }
                #expect(killed.status == nil, "call \(number) was not reached")
                try await job.expectManifestHolds(output, "call \(number)")
                try job.expectComplete(output, try await job.run(output), "call \(number)")
            }
        }
    }
}
