import Synchronization

/// A value that one task or thread at a time can access: the standard library's mutex, made visible to ThreadSanitizer.
///
/// On Linux the sanitizer does not see the mutex of the standard library, and reports a race on the value that it guards.
/// The pair of atomic operations inside the lock shows it the order; they cost little beside the lock itself.
package final class Locked<Value>: Sendable {
    private let mutex: Mutex<Value>
    private let turn = Atomic<Bool>(false)

    package init(_ value: consuming sending Value) {
        mutex = Mutex(value)
    }

    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { (value: inout sending Value) throws(Failure) -> sending Result in
            _ = turn.load(ordering: .acquiring)
            defer { turn.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
