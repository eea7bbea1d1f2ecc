/// Time, waiting and randomness.
///
/// Passed in, so that tests and replays need not wait and always give the same result.
package struct Runtime: Sendable {
    /// The wall clock, for signatures and time stamps. It may jump; do not measure durations with it.
    package var now: @Sendable () -> Timestamp
    /// Waits on a clock that does not jump.
    /// - Throws: `CancellationError`.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 up to, but not including, 1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    /// The system's clock and random numbers.
    package static let system = Runtime(
        now: { Timestamp.now() }, sleep: { try await Task.sleep(for: $0, clock: .continuous) },
        random: { Double.random(in: 0..<1) })

    /// Now, written `2026-11-23T01:02:03.123Z`.
    package func timestamp() -> String { now().iso8601 }
}
