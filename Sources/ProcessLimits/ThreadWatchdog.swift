import SystemPackage
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reports that the process is stuck because the system makes no thread for it.
///
/// Dispatch, on which Swift's tasks run, retries for ever without a message. So a thread of our own tries to make a
/// thread now and then. If that fails for some time while the process is idle, the process is assumed to wait for a
/// thread.
package enum ThreadWatchdog {
    /// Begins to watch, for as long as the process lives.
    ///
    /// - Parameters:
    ///   - onShortage: is called at most once, on the watchdog's own thread.
    /// - Throws: ``ProcessLimitError`` if not even this thread can be made.
    package static func start(
        onShortage: @escaping @Sendable (ProcessLimitError) -> Void
    ) throws(ProcessLimitError) {
        do throws(ThreadShortage) {
            _ = try DedicatedThread {
                var watch = ThreadShortageWatch()
                while true {
                    sleep(UInt32(ThreadShortageWatch.pause.components.seconds))
                    let shortage = watch.note(Self.shortage(), processorTime: Self.processorTime)
                    if let shortage { return onShortage(shortage) }
                }
            }
        } catch {
            throw .threads(needed: 1, Errno(rawValue: error.errno))
        }
    }

    private static func shortage() -> ThreadShortage? {
        do throws(ThreadShortage) {
            try ThreadShortage.check(1)
            return nil
        } catch {
            return error
        }
    }

    /// The processor time of all threads of the process.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

/// Decides from single checks whether the process waits for a thread.
struct ThreadShortageWatch {
    /// The time between two checks.
    static let pause = Duration.seconds(2)
    /// After so many checks in a row without a thread, the shortage is no longer a short one.
    static let patience = 5
    /// An idle process uses less than this between two checks. A run that waits for its query is idle, too.
    static let idleTime = Duration.milliseconds(100)

    private var failures = 0
    private var lastProcessorTime = Duration.zero

    /// - Parameters:
    ///   - shortage: why no thread could be made at this check; nil if one was made.
    ///   - processorTime: of the process since it began.
    mutating func note(_ shortage: ThreadShortage?, processorTime: Duration) -> ProcessLimitError? {
        defer { lastProcessorTime = processorTime }
        guard let shortage, processorTime - lastProcessorTime < Self.idleTime else {
            failures = 0
            return nil
        }
        failures += 1
        guard failures == Self.patience else { return nil }
        return .noThread(during: Self.pause * Self.patience, Errno(rawValue: shortage.errno))
    }
}
