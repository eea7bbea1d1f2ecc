#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A point in time of the wall clock, to the millisecond.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.
    package let milliseconds: Int64

    private static let representable: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    /// A time outside the years 1 to 9999 becomes the nearest one inside: a service's answer must not stop the program.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.representable.lowerBound), Self.representable.upperBound)
    }

    /// - Parameter seconds: since the epoch, with their fraction, as AWS's JSON protocols write times.
    package init(seconds: Double) {
        let rounded = (seconds * 1000).rounded()
        if let exact = Int64(exactly: rounded) {
            self.init(milliseconds: exact)
        } else {
            self.init(milliseconds: rounded > 0 ? .max : .min)
        }
    }

    /// The system's clock.
    package static func now() -> Timestamp {
        Timestamp(seconds: Date().timeIntervalSince1970)
    }

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 { milliseconds.flooredDivision(by: 1000).quotient }

    /// The time later by a duration, or earlier if it is negative.
    package func advanced(by duration: Duration) -> Timestamp {
        // Ten thousand years either way exceed the range, and still fit the arithmetic.
        let bound = Duration.seconds(10_000 * 366 * 86_400)
        let (seconds, attoseconds) = min(max(duration, .zero - bound), bound).components
        return Timestamp(milliseconds: milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    /// The duration from this time to the other; negative if the other is earlier.
    package func duration(to other: Timestamp) -> Duration {
        .milliseconds(other.milliseconds - milliseconds)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

extension Int64 {
    /// Division that rounds down, so that times before 1970 have a time of day as well.
    func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
