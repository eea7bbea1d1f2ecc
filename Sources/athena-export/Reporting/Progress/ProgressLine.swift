/// The line that shows how far a command is, shortened to the width of the terminal.
///
/// What does not fit is left out in a fixed order: the detail, the rate, then cells of the bar and the bar itself, the
/// time left, the total. What still does not fit is cut off.
struct ProgressLine: Equatable {
    /// The share that is done, between 0 and 1; nil while the whole is unknown.
    var share: Double?
    /// The part that is always shown: `1,695,418 of 9,000,000 rows`.
    var text: String
    /// The same without its total.
    var briefText: String
    var rate: String?
    /// Shown if there is room for it.
    var detail: String?
    var timeLeft: String?
    /// Cells of the bar.
    private var cells = Self.mostCells

    private static let mostCells = 20
    /// A shorter bar shows no more than the percentage.
    private static let leastCells = 5

    init(
        share: Double? = nil, _ text: String, brief: String? = nil, rate: String? = nil, detail: String? = nil,
        timeLeft: String? = nil
    ) {
        self.share = share
        self.text = text
        briefText = brief ?? text
        self.rate = rate
        self.detail = detail
        self.timeLeft = timeLeft
    }

    /// All of it but the bar, for a line of the log.
    var words: String { [text, rate, detail, timeLeft].compactMap { $0 }.joined(separator: " · ") }

    /// The line for a terminal. Its last column stays free: many terminals wrap as soon as that one is written.
    func fitted(to columns: Int) -> String {
        let room = max(0, columns - 1)
        var line = self
        var steps = Step.allCases[...]
        while line.whole.count > room, let step = steps.popFirst() { line.shorten(step, to: room) }
        return String(line.whole.prefix(room))
    }

    private var whole: String { bar.map { "\($0) · \(words)" } ?? words }

    private var bar: String? {
        guard let share else { return nil }
        let filled = Int(share * Double(cells))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        return bar + (cells > 0 ? " " : "") + "\(Int(share * 100)) %"
    }

    /// In the order in which they are left out.
    private enum Step: CaseIterable {
        case detail, rate, bar, timeLeft, total
    }

    private mutating func shorten(_ step: Step, to room: Int) {
        switch step {
        case .detail: detail = nil
        case .rate: rate = nil
        case .bar:
            cells -= whole.count - room
            if cells < Self.leastCells { cells = 0 }
        case .timeLeft: timeLeft = nil
        case .total: text = briefText
        }
    }
}
