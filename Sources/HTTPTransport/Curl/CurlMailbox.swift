import CCurl
import Synchronization
import Threading

/// A request for the loop, with the continuation that waits for the answer.
struct CurlOrder: Sendable {
    let id: UInt
    let request: HTTPRequest
    let continuation: CheckedContinuation<HTTPResponse, any Error>
}

/// Passes commands from any thread to the thread of the ``CurlLoop``.
final class CurlMailbox: Sendable {
    enum Command: Sendable {
        case start(CurlOrder)
        /// Has no effect if the order is unknown or done.
        case cancel(UInt)
    }

    private struct State {
        var commands: [Command] = []
        var isClosed = false
        /// The error for a request that comes after the end.
        var refusal = HTTPTransportError.closed
        /// The address of the loop's multi handle while it exists, as a number because a pointer is not `Sendable`:
        /// `curl_multi_wakeup` is the only function that another thread may call with it.
        var multi: UInt?

        mutating func takeAll() -> [Command] {
            defer { commands.removeAll() }
            return commands
        }

        /// Called inside the lock, so the handle cannot be freed meanwhile.
        func wakeLoop() {
            if let multi { curl_multi_wakeup(UnsafeMutableRawPointer(bitPattern: multi)) }
        }
    }

    private let state = Locked(State())
    private let lastID = Atomic<UInt>(0)

    func nextID() -> UInt {
        lastID.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// An order that comes too late fails with the reason, as a rule ``HTTPTransportError/closed``.
    func post(_ command: Command) {
        let refusal = state.withLock { state -> HTTPTransportError? in
            guard !state.isClosed else { return state.refusal }
            state.commands.append(command)
            if state.commands.count == 1 { state.wakeLoop() }
            return nil
        }
        if let refusal { command.refuse(refusal) }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.wakeLoop()
        }
    }

    /// From here on each command wakes the loop out of `curl_multi_poll`.
    func attach(_ multi: UnsafeMutableRawPointer) {
        let address = UInt(bitPattern: multi)
        state.withLock { $0.multi = address }
    }

    /// The commands since the last call; `nil` when the mailbox is closed.
    func take() -> [Command]? {
        state.withLock { $0.isClosed ? nil : $0.takeAll() }
    }

    /// Closes the mailbox, wakes the loop no more and answers untaken orders with ``HTTPTransportError/closed``.
    func detach(_ refusal: HTTPTransportError = .closed) {
        let late = state.withLock { state in
            state.isClosed = true
            state.refusal = refusal
            state.multi = nil
            return state.takeAll()
        }
        late.forEach { $0.refuse(refusal) }
    }
}

extension CurlMailbox.Command {
    fileprivate func refuse(_ reason: HTTPTransportError) {
        if case .start(let order) = self { order.continuation.resume(throwing: reason) }
    }
}
