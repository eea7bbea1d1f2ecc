import Dispatch

/// Threads for work that takes long at a time: compressing a block, flushing a file.
///
/// On the threads that all other tasks share, a page that has just arrived would wait for such work, and the service
/// for the next request; on its own the operating system lets whoever has waited go first.
final class BackgroundExecutor: TaskExecutor {
    static let shared = BackgroundExecutor()

    private let queue = DispatchQueue(label: "athena-export.background", qos: .utility, attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
