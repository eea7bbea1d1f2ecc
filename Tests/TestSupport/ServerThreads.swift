import Dispatch
import Locking

/// Threads that only servers have: tests that compute keep the shared ones busy for seconds, and a program under test
/// does not wait that long for its service.
final class ServerThreads: TaskExecutor {
    static let shared = ServerThreads()

    private let queue = DispatchQueue(label: "loopback servers", attributes: .concurrent)
    /// Handed over under a lock, because ThreadSanitizer does not see what Dispatch does.
    private let jobs = Locked<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        queue.async { [self] in
            jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
