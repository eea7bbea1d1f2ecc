import TestSupport
import Threading

extension FakeResult {
    /// Values of every kind, NULL and repeated keys, and rows that no loader accepts.
    static let hard: FakeResult = {
        let values: [String?] = [
            "plain", "", nil, "a,b", "say \"hi\"", "\"", "\"\"", "line\nbreak", "\r\n", "\r", "\n\n\n", ",", "ends\"",
            "\"begins", "山田", "😀 e\u{301}", "\u{2028}", "\\.", "\\N", "tab\t", "a\u{0}b", " blank ", "=1+1",
            "\",\"\n\",\"", String(repeating: "long \"quoted\"\n", count: 20), "014", "\u{7f}", "ends\\",
        ]
        var result = FakeResult(rowCount: 61)
        result.states = ["SUCCEEDED"]
        result.row = { number in
            [
                number % 23 == 22 ? nil : "k\(number % 40)", values[number % values.count],
                values[(number * 7 + 3) % values.count], values[(number * 11 + 5) % values.count],
            ]
        }
        return result.inS3
    }()
}

/// Turns a fault on and off.
final class FaultSwitch: Sendable {
    private let state = Locked(true)

    var isOn: Bool { state.withLock { $0 } }

    func turnOff() { state.withLock { $0 = false } }
}
