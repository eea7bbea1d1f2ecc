import Synchronization

/// A value that one task or thread at a time may touch: the standard library's mutex, made visible to ThreadSanitizer.
///
/// On Linux the sanitizer does not see what the mutex does when two threads meet at it, and takes what it guards for
/// unguarded. The pair of atomic operations inside the lock tells it; they cost nothing beside the lock itself.
public final class Locked<Value>: Sendable {
    private let mutex: Mutex<Value>
    private let turn = Atomic<Bool>(false)

    public init(_ value: consuming sending Value) {
        mutex = Mutex(value)
    }

    public func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { (value: inout sending Value) throws(Failure) -> sending Result in
            _ = turn.load(ordering: .acquiring)
            defer { turn.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
