import Dispatch
import Testing
import Threading

@Suite struct `Worker threads` {
    /// Nobody could wait like this on the shared threads: they may be all taken by those that wait.
    @Test func `run as many tasks beside each other as there are threads`() async {
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

    @Test(arguments: [1, 2]) func `run no more than there are threads`(_ count: Int) async {
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

    @Test func `one thread runs tasks in the order of their coming`() async {
        let workers = WorkerThreads(count: 1)
        let order = Locked<[Int]>([])
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask(executorPreference: workers) { order.withLock { $0.append(number) } }
            }
        }
        #expect(order.withLock { $0 } == Array(0..<100))
    }

    @Test func `take no thread while they have nothing to do`() async {
        let pools = (0..<500).map { _ in WorkerThreads(count: 2) }
        for pool in pools { await Task(executorPreference: pool) {}.value }
    }
}
