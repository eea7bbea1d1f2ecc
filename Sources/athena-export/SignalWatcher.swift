import Dispatch
import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns SIGINT and SIGTERM into an orderly end; a second one ends the process at once, as SIGKILL would.
final class SignalWatcher: Sendable {
    private let received = Locked<Int32?>(nil)
    private let sources = Locked<[any DispatchSourceSignal]>([])

    /// - Parameter stop: called once, at the first signal.
    init(stop: @escaping @Sendable (Int32) -> Void) {
        for number in [SIGINT, SIGTERM] {
            // The default action would end the process before the source hears of it.
            signal(number, SIG_IGN)
            sources.withLock { sources in
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [weak self] in self?.receive(number, stop) }
                source.resume()
                sources.append(source)
            }
        }
    }

    /// The status that says which signal ended the process; nil if there was none.
    var exitStatus: ExitStatus? {
        received.withLock { $0 }.map { $0 == SIGTERM ? .terminated : .interrupted }
    }

    private func receive(_ number: Int32, _ stop: @Sendable (Int32) -> Void) {
        let isFirst = received.withLock { received in
            defer { received = received ?? number }
            return received == nil
        }
        guard isFirst else { _exit(128 + number) }
        stop(number)
    }
}
