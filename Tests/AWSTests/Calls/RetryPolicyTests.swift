import Testing

@testable import AWS

@Suite struct `The retry policy` {
    private let policy = RetryPolicy.standard

    private func wait(
        _ cause: RetryPolicy.Cause, attempt: Int, random: Double = 1, retryAfter: Duration? = nil
    ) -> Duration? {
        guard
            case .retry(let wait) = policy.decision(
                after: cause, attempt: attempt, random: random, retryAfter: retryAfter)
        else { return nil }
        return wait
    }

    @Test func `the wait doubles from 50 ms, or from 1 s when throttled, up to 20 s`() {
        #expect(
            (1...9).map { wait(.transient, attempt: $0)! / .milliseconds(1) } == [
                50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800,
            ])
        #expect((1...9).map { wait(.throttling, attempt: $0)! / .seconds(1) } == [1, 2, 4, 8, 16, 20, 20, 20, 20])
    }

    @Test func `the wait is a random part of the longest one`() {
        #expect(wait(.throttling, attempt: 3, random: 0) == .zero)
        #expect(wait(.throttling, attempt: 3, random: 0.25) == .seconds(1))
    }

    @Test func `the wait for a place in the queue is seconds to a minute, and at least half of that`() {
        #expect(
            (1...9).map { wait(.concurrentQueryLimit, attempt: $0)! / .seconds(1) } == [
                4, 8, 16, 32, 60, 60, 60, 60, 60,
            ])
        #expect(wait(.concurrentQueryLimit, attempt: 1, random: 0) == .seconds(2))
    }

    @Test func `the policy stops after the last attempt`() {
        for cause in [RetryPolicy.Cause.transient, .throttling, .concurrentQueryLimit] {
            #expect(wait(cause, attempt: 9) != nil && wait(cause, attempt: 10) == nil)
        }
        #expect(RetryPolicy(maxAttempts: 1).decision(after: .transient, attempt: 1, random: 0) == .stop)
        #expect(RetryPolicy(maxAttempts: -3).maxAttempts == 1)
    }

    @Test func `the service can lengthen a wait by at most 5 s, and never shorten it`() {
        #expect(wait(.throttling, attempt: 1, retryAfter: .seconds(3)) == .seconds(3))
        #expect(wait(.throttling, attempt: 1, retryAfter: .seconds(3600)) == .seconds(6))
        #expect(wait(.throttling, attempt: 1, retryAfter: .zero) == .seconds(1))
    }

    @Test func `no wait is longer than its bound`() {
        let patient = RetryPolicy(maxAttempts: .max)
        for attempt in [1, 63, 64, 1000, Int.max - 1] {
            #expect(patient.decision(after: .throttling, attempt: attempt, random: 1) != .stop)
        }
        #expect(patient.decision(after: .transient, attempt: Int.max - 1, random: 1) == .retry(after: .seconds(20)))
    }
}

@Suite struct `The retry quota` {
    @Test func `the quota pays for 35 retries without a success between them`() {
        let quota = RetryQuota()
        var retries = 0
        while quota.acquire(14) { retries += 1 }
        #expect(retries == 35 && quota.available == 10)
    }

    @Test func `the quota never holds more than its capacity`() {
        let quota = RetryQuota()
        quota.release(14)
        #expect(quota.available == 500)
        #expect(quota.acquire(5) && quota.available == 495)
    }
}
