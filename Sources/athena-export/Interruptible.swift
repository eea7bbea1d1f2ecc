/// Runs work that SIGINT, SIGTERM and SIGHUP end in order.
///
/// - Throws: the error of the work; the status of the signal if one ended it.
func interruptible<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    let signals = SignalWatcher()
    defer { signals.stop() }
    let task = Task { try await work() }
    signals.atFirstSignal { task.cancel() }
    do {
        return try await task.value
    } catch is CancellationError {
        throw signals.exitStatus ?? .interrupted
    }
}
