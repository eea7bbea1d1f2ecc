import Dispatch
import Testing

@testable import Threading

@Suite struct `Worker threads` {
    /// These tasks block. On the shared threads, they might take all of them.
    @Test func `worker threads run as many tasks beside each other as there are threads`() async {
        let workers = WorkerThreads(count: 3)
        let meeting = Locked(0)
        let isComplete = DispatchSemaphore(value: 0)
        await withTaskGroup { group in
            for _ in 0..<3 {
                group.addTask(executorPreference: workers) {
                    let present = meeting.withLock { present in
                        present += 1
                        return present
                    }
                    if present == 3 { for _ in 0..<3 { isComplete.signal() } }
                    isComplete.wait()
                }
            }
        }
        #expect(meeting.withLock { $0 } == 3)
    }

    @Test(arguments: [1, 2]) func `worker threads run no more tasks at a time than there are threads`(_ count: Int)
        async
    {
        let workers = WorkerThreads(count: count)
        let running = Locked((now: 0, most: 0))
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask(executorPreference: workers) {
                    running.withLock { running in
                        running.now += 1
                        running.most = max(running.most, running.now)
                    }
                    running.withLock { $0.now -= 1 }
                }
            }
        }
        #expect(running.withLock { $0.most } <= count)
    }

    @Test func `one worker thread runs tasks in the order in which they were queued`() async {
        let workers = WorkerThreads(count: 1)
        let order = Locked<[Int]>([])
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask(executorPreference: workers) { order.withLock { $0.append(number) } }
            }
        }
        #expect(order.withLock { $0 } == Array(0..<100))
    }

    @Test func `worker threads end with their owner`() async throws {
        // More threads than a process may have.
        for _ in 0..<200 {
            await withTaskGroup { group in
                let workers = WorkerThreads(count: 8)
                for _ in 0..<16 { group.addTask(executorPreference: workers) {} }
            }
        }
        let left = Locked(0)
        let workers = WorkerThreads(count: 2) { (work) throws(ThreadShortage) in
            left.withLock { $0 += 1 }
            _ = try DedicatedThread {
                work()
                left.withLock { $0 -= 1 }
            }
        }
        await Task(executorPreference: workers) {}.value
        _ = consume workers
        while left.withLock({ $0 }) > 0 { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test(arguments: [0, 1, 2]) func `worker threads run every task where the system makes fewer of them`(_ most: Int)
        async
    {
        let made = Locked(0)
        let workers = WorkerThreads(count: 4) { (work) throws(ThreadShortage) in
            let isRefused = made.withLock { made in
                made += 1
                return made > most
            }
            if isRefused { throw ThreadShortage(errno: 11) }
            _ = try DedicatedThread(work)
        }
        let done = Locked(0)
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask(executorPreference: workers) { done.withLock { $0 += 1 } }
            }
        }
        #expect(done.withLock { $0 } == 200)
    }

    @Test func `worker threads can be as many as are needed, and are all there at a time`() throws {
        try ThreadShortage.check(0)
        try ThreadShortage.check(50)
        #expect("\(ThreadShortage(errno: 11))" == "Resource temporarily unavailable")
    }
}
