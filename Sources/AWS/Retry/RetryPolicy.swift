/// Decides whether and when a failed attempt is repeated. A pure value: it neither waits nor counts.
///
/// Scales, jitter and cap are those of the AWS SDKs' standard mode (botocore, `retries/standard.py`). There are ten
/// attempts instead of three, because an export is long and a throttled minute must not end it.
package struct RetryPolicy: Sendable, Equatable {
    /// Attempts in all, the first one included.
    package var maxAttempts: Int
    /// For how long a full queue of queries is waited for, however many attempts that takes; nil if such attempts count
    /// like others.
    package var queuePatience: Duration?

    package static let standard = RetryPolicy()

    package init(maxAttempts: Int = 10, queuePatience: Duration? = nil) {
        self.maxAttempts = max(1, maxAttempts)
        self.queuePatience = queuePatience
    }

    /// Why an attempt failed, as far as the retry depends on it.
    package enum Cause: Sendable, Equatable {
        case throttling
        case transient
        case concurrentQueryLimit
    }

    package enum Decision: Sendable, Equatable {
        case retry(after: Duration)
        case stop
    }

    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - random: from 0 up to 1; the jitter.
    ///   - retryAfter: the wait that the service asked for (`x-amz-retry-after`).
    ///   - waited: how long the call has waited in a full queue.
    package func decision(
        after cause: Cause, attempt: Int, random: Double, retryAfter: Duration? = nil, waited: Duration = .zero
    ) -> Decision {
        if let queuePatience, cause == .concurrentQueryLimit {
            guard waited < queuePatience else { return .stop }
        } else {
            guard attempt < maxAttempts else { return .stop }
        }
        let delay = cause.delay(retry: attempt - 1, random: random)
        guard let retryAfter else { return .retry(after: delay) }
        return .retry(after: max(delay, min(retryAfter, delay + Self.longestExtension)))
    }

    /// By how much the service may lengthen a wait.
    private static let longestExtension = Duration.seconds(5)
}

extension RetryPolicy.Cause {
    /// - Parameter retry: from 0.
    fileprivate func delay(retry: Int, random: Double) -> Duration {
        switch self {
        case .throttling: .seconds(random * Self.growing(from: 1, retry, cap: 20))
        case .transient: .seconds(random * Self.growing(from: 0.05, retry, cap: 20))
        // A queue gets shorter when queries end. At least half of the wait is kept, since an immediate retry cannot
        // help.
        case .concurrentQueryLimit: .seconds((0.5 + random / 2) * Self.growing(from: 4, retry, cap: 60))
        }
    }

    private static func growing(from scale: Double, _ retry: Int, cap: Double) -> Double {
        min(scale * Double(1 << min(max(retry, 0), 16)), cap)
    }

    /// What the retry takes from the ``RetryQuota``. A full queue is no outage, so waiting for it costs nothing.
    var cost: Int {
        switch self {
        case .throttling: 5
        case .transient: 14
        case .concurrentQueryLimit: 0
        }
    }
}
