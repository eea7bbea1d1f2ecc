import Dispatch
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns SIGINT and SIGTERM into an orderly end; a second one ends the process at once, as SIGKILL would.
final class SignalWatcher: Sendable {
    private struct State {
        var received: Int32?
        var stop: (@Sendable () -> Void)?
        var sources: [any DispatchSourceSignal] = []
    }

    private let state = Locked(State())

    /// Signals are noted from now on.
    init() {
        for number in [SIGINT, SIGTERM] {
            // The default action would end the process before the source hears of it.
            signal(number, SIG_IGN)
            state.withLock { state in
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [weak self] in self?.receive(number) }
                source.resume()
                state.sources.append(source)
            }
        }
    }

    /// Has something done at the first signal; at once if there was one.
    func atFirstSignal(_ stop: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.stop = stop
            return state.received != nil
        }
        if isLate { stop() }
    }

    /// The status that says which signal ended the process; nil if there was none.
    var exitStatus: ExitStatus? {
        state.withLock { $0.received }.map { $0 == SIGTERM ? .terminated : .interrupted }
    }

    private func receive(_ number: Int32) {
        let (isFirst, stop) = state.withLock { state in
            defer { state.received = state.received ?? number }
            return (state.received == nil, state.stop)
        }
        guard isFirst else { _exit(128 + number) }
        stop?()
    }
}
