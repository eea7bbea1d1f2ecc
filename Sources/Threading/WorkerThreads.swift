import Dispatch

/// Threads for tasks that keep one busy for long, so that whoever only waits for something, such as the next page, finds
/// one of the shared threads free as soon as it is there.
///
/// Tasks are led here as their executor preference and begin in the order of their coming.
public final class WorkerThreads: TaskExecutor {
    /// How many tasks run at a time.
    public let count: Int

    /// Serial queues: Dispatch gives each a thread beyond the shared ones while it has something to do, and only then.
    private let lanes: [DispatchQueue]
    private let state: Locked<State>

    private struct State {
        var jobs: [UnownedJob] = []
        /// Lanes that have nothing to do.
        var idle: [Int]
    }

    public init(count: Int) {
        self.count = max(1, count)
        lanes = (0..<self.count).map { DispatchQueue(label: "worker \($0)") }
        state = Locked(State(idle: Array(lanes.indices)))
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let lane = state.withLock { state in
            state.jobs.append(job)
            return state.idle.popLast()
        }
        guard let lane else { return }
        lanes[lane].async { [self] in
            while let job = nextJob(for: lane) { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    private func nextJob(for lane: Int) -> UnownedJob? {
        state.withLock { state in
            guard state.jobs.isEmpty else { return state.jobs.removeFirst() }
            state.idle.append(lane)
            return nil
        }
    }
}
