import AWS
import Clock
import Threading

/// A clock that only moves by sleeping, and fixed random numbers.
final class FakeTime: Sendable {
    private let state: Locked<(now: Timestamp, sleeps: [Duration])>
    private let chance: Double

    init(now: Timestamp = Timestamp(seconds: 1_795_395_723), random: Double = 0.5) {
        state = Locked((now, []))
        chance = random
    }

    var sleeps: [Duration] { state.withLock { $0.sleeps } }
    var now: Timestamp { state.withLock { $0.now } }

    func advance(by duration: Duration) { state.withLock { $0.now = $0.now.advanced(by: duration) } }

    var runtime: Runtime {
        Runtime(
            now: { [self] in now },
            sleep: { [self] duration in
                state.withLock { $0.sleeps.append(duration) }
                advance(by: duration)
                try Task.checkCancellation()
            },
            random: { [chance] in chance })
    }
}
