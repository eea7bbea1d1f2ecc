import Athena
import Logging
import Testing

@testable import athena_export

@Suite struct `The progress line` {
    private static let whole = ProgressLine(
        share: 0.18, "1,695,418 of 9,000,000 rows", brief: "1,695,418 rows", rate: "533,116 rows/s",
        detail: "16 batches, 21.3 MB", timeLeft: "13 s left")

    @Test func `the line leaves the last column free at every width`() {
        let lines = [
            Self.whole, ProgressLine("8,817,641 rows", rate: "1,308,282 rows/s", detail: "87 batches, 116.0 MB"),
            ProgressLine("query RUNNING · 3 s", detail: "1.2 GB scanned"), ProgressLine(""),
        ]
        for line in lines {
            for columns in 0...300 { #expect(line.fitted(to: columns).count <= max(0, columns - 1)) }
            #expect(line.fitted(to: 300) == line.fitted(to: 132))
        }
    }

    @Test(arguments: [
        (
            132,
            "███░░░░░░░░░░░░░░░░░ 18 % · 1,695,418 of 9,000,000 rows · 533,116 rows/s · 16 batches, 21.3 MB"
                + " · 13 s left"
        ),
        (88, "███░░░░░░░░░░░░░░░░░ 18 % · 1,695,418 of 9,000,000 rows · 533,116 rows/s · 13 s left"),
        (80, "███░░░░░░░░░░░░░░░░░ 18 % · 1,695,418 of 9,000,000 rows · 13 s left"),
        (60, "██░░░░░░░░░░ 18 % · 1,695,418 of 9,000,000 rows · 13 s left"),
        (50, "18 % · 1,695,418 of 9,000,000 rows · 13 s left"),
        (40, "18 % · 1,695,418 of 9,000,000 rows"),
        (30, "18 % · 1,695,418 rows"),
        (10, "18 % · 1,"),
        (1, ""),
    ])
    func `the line loses the detail, the rate, the bar, the time left and the total, in this order`(
        _ columns: Int, _ expected: String
    ) {
        #expect(Self.whole.fitted(to: columns) == expected)
    }

    @Test func `the line loses nothing but cells of the bar as long as five of them fit`() {
        let least = "░░░░░ 18 % · 1,695,418 of 9,000,000 rows · 13 s left"
        for columns in (least.count + 1)...68 {
            let line = Self.whole.fitted(to: columns)
            #expect(line.count == columns - 1 && line.hasSuffix(" 18 % · 1,695,418 of 9,000,000 rows · 13 s left"))
        }
        #expect(Self.whole.fitted(to: least.count + 1) == least)
        #expect(!Self.whole.fitted(to: least.count).contains("░"))
    }

    @Test(arguments: [(-0.1, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7500, "2 h 5 min")])
    func `the line shows the time that has passed to the second for an hour`(_ seconds: Double, _ text: String) {
        #expect(ProgressFigures.clock(.seconds(seconds)) == text)
    }

    @Test func `the line shows what a running query has scanned, and keeps it where an answer does not say`() {
        var figures = ProgressFigures()
        figures.note(.query(state: "QUEUED", scannedBytes: nil), at: figures.start)
        #expect(figures.line(at: figures.start).words == "query QUEUED · 0 s")
        figures.note(.query(state: "RUNNING", scannedBytes: 1_234_000_000), at: figures.start)
        figures.note(.query(state: "RUNNING", scannedBytes: nil), at: figures.start)
        #expect(figures.line(at: figures.start + .seconds(65)).words == "query RUNNING · 1 min 5 s · 1.2 GB scanned")
        #expect(figures.metadata(at: figures.start)["data_scanned_bytes"] == .stringConvertible(1_234_000_000))
    }

    @Test func `the line shows a state that it does not know as plain text of a bounded length`() {
        var figures = ProgressFigures()
        let state = "A\u{1b}[2J漢\u{202e}" + String(repeating: "B", count: 99)
        figures.note(.query(state: state, scannedBytes: nil), at: .now)
        #expect(figures.line(at: figures.start).words == "query A?[2J??" + String(repeating: "B", count: 23) + " · 0 s")
    }
}
