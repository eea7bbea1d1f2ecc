import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread of its own, for work that blocks or that lasts as long as the process.
///
/// If the system allows no more threads, this throws. Dispatch would wait for ever.
package struct DedicatedThread: ~Copyable {
    private let id: pthread_t

    /// Starts the work. All signals are blocked on the thread: another one waits for them.
    ///
    /// - Throws: ``ThreadShortage`` if the system lets this process have no more threads.
    package init(_ work: @escaping @Sendable () -> Void) throws(ThreadShortage) {
        let context = unsafe Unmanaged.passRetained(Work(work))
        // A thread inherits the signal mask of the one that makes it.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        var id = Self.none
        let error = unsafe pthread_create(&id, nil, runWork, context.toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard error == 0, let id = Self.made(id) else {
            unsafe context.release()
            throw ThreadShortage(errno: error)
        }
        self.id = id
    }

    deinit { pthread_detach(id) }

    /// Waits until the work is done and the thread has ended.
    package consuming func join() {
        pthread_join(id, nil)
        discard self
    }

    // An integer in one C library, a pointer in the others.
    #if canImport(Glibc)
        private static let none = pthread_t()
        private static func made(_ id: pthread_t) -> pthread_t? { id }
    #else
        private static let none: pthread_t? = nil
        private static func made(_ id: pthread_t?) -> pthread_t? { id }
    #endif
}

/// The system lets this process have no more threads.
package struct ThreadShortage: Error, Equatable, CustomStringConvertible {
    /// From `pthread_create`: EAGAIN, as a rule.
    package let errno: Int32

    package init(errno: Int32) { self.errno = errno }

    /// The system's own words.
    package var description: String { unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)" }
}

private final class Work {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

#if canImport(Darwin)
    private func runWork(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
#else
    private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let context = unsafe context { unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
        return nil
    }
#endif

extension ThreadShortage {
    /// Makes so many threads at the same time, and ends them again.
    package static func check(_ count: Int) throws(ThreadShortage) {
        guard count > 0 else { return }
        let isOver = DispatchSemaphore(value: 0)
        let thread = try DedicatedThread { isOver.wait() }
        let rest = Result { () throws(ThreadShortage) in try check(count - 1) }
        isOver.signal()
        thread.join()
        try rest.get()
    }
}
