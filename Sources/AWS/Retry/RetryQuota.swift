import Threading

/// A bucket of tokens that retries take from, so that a program does not overload a service that is down (botocore,
/// `retries/quota.py`): its 500 tokens are 35 retries without a success between them.
final class RetryQuota: Sendable {
    static let standardCapacity = 500
    /// What a call puts back that succeeds at once.
    static let rewardForSuccess = 1

    private let capacity: Int
    private let tokens: Locked<Int>

    init(capacity: Int = standardCapacity) {
        self.capacity = capacity
        tokens = Locked(capacity)
    }

    var available: Int { tokens.withLock { $0 } }

    /// - Returns: false, with nothing taken, if there is too little.
    func acquire(_ amount: Int) -> Bool {
        tokens.withLock { tokens in
            guard tokens >= amount else { return false }
            tokens -= amount
            return true
        }
    }

    func release(_ amount: Int) {
        tokens.withLock { $0 = min($0 + amount, capacity) }
    }
}
