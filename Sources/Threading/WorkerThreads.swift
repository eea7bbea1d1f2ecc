import Dispatch

/// Threads for tasks that compute for milliseconds, so that the shared threads stay free for tasks that wait, such as for
/// the next page.
///
/// A `TaskExecutor`: use it as executor preference. Tasks start first in, first out. A thread is made when there is a task
/// for it, and ends with this object. If the system allows fewer threads, fewer run the same tasks.
package final class WorkerThreads: TaskExecutor {
    /// How many tasks run at a time, at most.
    package let count: Int

    private let lanes: Lanes

    package convenience init(count: Int) {
        self.init(count: count) { work throws(ThreadShortage) in _ = try DedicatedThread(work) }
    }

    /// - Parameter makeThread: for tests of a system that makes few threads.
    init(count: Int, makeThread: @escaping ThreadMaker) {
        self.count = max(1, count)
        lanes = Lanes(most: self.count, makeThread)
    }

    deinit { lanes.close() }

    package func enqueue(_ job: consuming ExecutorJob) {
        lanes.take(Lanes.Task(job: UnownedJob(job), executor: self))
    }
}

/// Starts work on a thread of its own.
typealias ThreadMaker = @Sendable (@escaping @Sendable () -> Void) throws(ThreadShortage) -> Void

/// The threads, and the tasks that wait for one. It lives until the last thread has seen that its owner is gone.
private final class Lanes: Sendable {
    struct Task: Sendable {
        let job: UnownedJob
        /// Keeps the executor alive as long as a task waits or runs.
        let executor: WorkerThreads

        func run() { unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor()) }
    }

    private struct State {
        var waiting: [Task] = []
        /// One for each thread that has nothing to do, to wake it. The last is woken first, as its data is still in cache.
        var idle: [DispatchSemaphore] = []
        var threads = 0
        var isClosed = false
    }

    private let most: Int
    private let makeThread: ThreadMaker
    private let state = Locked(State())

    init(most: Int, _ makeThread: @escaping ThreadMaker) {
        self.most = most
        self.makeThread = makeThread
    }

    func take(_ task: Task) {
        let isNewThreadDue = state.withLock { state in
            state.waiting.append(task)
            if let bell = state.idle.popLast() {
                bell.signal()
                return false
            }
            guard state.threads < most else { return false }
            state.threads += 1
            return true
        }
        if isNewThreadDue { addThread() }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            for bell in state.idle { bell.signal() }
            state.idle = []
        }
    }

    private func addThread() {
        do throws(ThreadShortage) {
            try makeThread { [self] in serve() }
        } catch {
            let isAlone = state.withLock { state in
                state.threads -= 1
                return state.threads == 0
            }
            // Without any thread of its own, the shared threads run the tasks.
            if isAlone { DispatchQueue.global().async { [self] in while runNext() {} } }
        }
    }

    private func serve() {
        let bell = DispatchSemaphore(value: 0)
        while true {
            while runNext() {}
            let isOver = state.withLock { state -> Bool? in
                // A task that has come since then found no idle thread, and woke none.
                guard state.waiting.isEmpty else { return nil }
                if !state.isClosed { state.idle.append(bell) }
                return state.isClosed
            }
            switch isOver {
            case true?: return
            case false?: bell.wait()
            case nil: break
            }
        }
    }

    /// - Returns: false if no task waits.
    private func runNext() -> Bool {
        guard let task = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return false }
        task.run()
        return true
    }
}
