import CGlibc
import Dispatch
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns SIGINT, SIGTERM and SIGHUP into an orderly end.
///
/// A second SIGINT or SIGTERM ends the process at once, as SIGKILL would. A second SIGHUP does not: a terminal that is
/// closed sends one, and its shell sends another.
final class SignalWatcher: Sendable {
    private struct State {
        var received: Int32?
        var stop: (@Sendable () -> Void)?
        var sources: [any DispatchSourceSignal] = []
    }

    private let state = Locked(State())

    /// SIGHUP stays ignored if it was ignored when the process began: `nohup` started it.
    private static let numbers =
        cglibc_signal_is_ignored(SIGHUP) != 0 ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP]

    /// Handles signals from now on.
    init() {
        for number in Self.numbers {
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            state.withLock { state in
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [weak self] in self?.receive(number) }
                source.resume()
                state.sources.append(source)
            }
        }
    }

    /// Gives the signals their usual effect again, for what is left to do can wait for ever, and may be broken off: an answer
    /// to a reader that does not read.
    func stop() {
        for number in Self.numbers { signal(number, SIG_DFL) }
        state.withLock { state in
            for source in state.sources { source.cancel() }
            state.sources = []
        }
    }

    /// Runs a function at the first signal; at once if there was one.
    func atFirstSignal(_ stop: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.stop = stop
            return state.received != nil
        }
        if isLate { stop() }
    }

    /// The status of the signal that ended the process; nil if there was none.
    var exitStatus: ExitStatus? {
        state.withLock { $0.received }.flatMap { ExitStatus(rawValue: 128 + $0) }
    }

    private func receive(_ number: Int32) {
        let (isFirst, stop) = state.withLock { state in
            defer { state.received = state.received ?? number }
            return (state.received == nil, state.stop)
        }
        if isFirst {
            stop?()
        } else if number != SIGHUP {
            _exit(128 + number)
        }
    }
}
