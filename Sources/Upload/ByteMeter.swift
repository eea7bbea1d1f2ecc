import Threading

/// Tells how far a body is sent, once for each byte however often it is read.
final class ByteMeter: Sendable {
    private let highest = Locked(0)
    private let report: @Sendable (Int) -> Void

    init(_ report: @escaping @Sendable (Int) -> Void) {
        self.report = report
    }

    func note(_ end: Int) {
        let more = highest.withLock { highest in
            defer { highest = max(highest, end) }
            return end - highest
        }
        if more > 0 { report(more) }
    }
}
