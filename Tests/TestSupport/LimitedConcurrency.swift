package import Testing
import Threading

/// Limits how many of the tests with this trait run at a time.
///
/// For tests that keep the machine busy: all at once, they would starve the servers that some of them use, and break
/// every promise about time.
package struct LimitedConcurrency: SuiteTrait, TestTrait, TestScoping {
    package let isRecursive = true

    private static let gate = Gate(places: 3)

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Self.gate.enter()
        defer { Self.gate.leave() }
        try await function()
    }
}

extension Trait where Self == LimitedConcurrency {
    package static var limitedConcurrency: Self { LimitedConcurrency() }
}

/// Admits as many as there are places; the others follow in their order.
private final class Gate: Sendable {
    private let state: Locked<(free: Int, waiting: [CheckedContinuation<Void, Never>])>

    init(places: Int) { state = Locked((places, [])) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isIn { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
