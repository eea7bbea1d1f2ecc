import ArgumentParser

/// A result of any length that is never stored: its rows repeat after a while in everything but their number.
///
/// Compressors do not notice, since they look 32 KiB back and a period is many times as long.
enum BenchmarkTable: String, CaseIterable, ExpressibleByArgument {
    /// Four texts a row, about 58 bytes of CSV.
    case customers
    /// Twenty columns of all kinds, about 280 bytes of CSV.
    case wide

    struct Column {
        let name: String
        /// As GetQueryResults spells it.
        let type: String
        var precision = 2_147_483_647
        var scale = 0
    }

    /// A placeholder in a value for the row's number.
    static let numberPlaceholder = "########"
    /// Numbers have eight digits, so that every row of a slot has the same length.
    static let firstNumber = 10_000_000
    static let maximumRows = 90_000_000

    var columns: [Column] {
        switch self {
        case .customers: Customers.columns
        case .wide: Orders.columns
        }
    }

    var key: String { columns[0].name }

    /// Rows after which everything but the number repeats.
    var period: Int {
        switch self {
        case .customers: 8000
        case .wide: 2000
        }
    }

    /// The values of the rows at this place in their period; nil is NULL.
    func values(slot: Int) -> [String?] {
        var random = SplitMix64(state: UInt64(slot))
        switch self {
        case .customers: return Customers.values(&random)
        case .wide: return Orders.values(&random)
        }
    }
}

/// Random numbers that are the same on every machine (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int(next() % UInt64(choices.count))]
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }
}
