import Athena
import BatchExport
import Foundation
import Logging
import Testing
import Upload

@testable import athena_export

@Suite struct `The progress of several tables` {
    private static let start = ContinuousClock.now

    /// Three of five tables are begun; one is done and one has failed.
    private static func figures() -> JobFigures {
        var figures = JobFigures(tableCount: 5)
        for table in ["one", "two", "three"] { figures.begin(table) }
        // Resumed, so its first 1,000 rows say nothing of the rate.
        figures.note(.export(.read(rows: 1000)), of: "one", at: start)
        figures.note(.export(.read(rows: 3000)), of: "one", at: start + .seconds(2))
        figures.note(.export(.published(batches: 2, bytes: 1500, uncompressedBytes: 9)), of: "one", at: start)
        figures.note(.total(rows: 9000), of: "two", at: start)
        figures.note(.query(state: "RUNNING", scannedBytes: 1), of: "two", at: start)
        figures.end("one", hasFailed: false)
        figures.end("two", hasFailed: true)
        return figures
    }

    @Test func `the line counts tables, rows and rows a second, and names the tables that failed`() {
        let line = Self.figures().line(at: Self.start + .seconds(2))
        #expect(
            line.fitted(to: 200)
                == "████████░░░░░░░░░░░░ 40 % · 2 of 5 tables, 1 failed (two) · 3,000 rows · 1,000 rows/s · "
                + "1 at work, 2 batches, 1.5 KB")
    }

    @Test(arguments: [20, 40, 60, 80]) func `the line stays on the screen`(_ columns: Int) {
        let line = Self.figures().line(at: Self.start + .seconds(2)).fitted(to: columns)
        #expect(line.count < columns && line.contains("2 of 5"))
    }

    @Test func `before any row is read, the line says how many tables are at work`() {
        var figures = JobFigures(tableCount: 2)
        figures.begin("one")
        figures.note(.query(state: "QUEUED", scannedBytes: nil), of: "one", at: figures.start)
        #expect(figures.line(at: figures.start + .seconds(5)).words == "0 of 2 tables · 1 at work · 5 s")
        #expect(figures.metadata(at: figures.start)["rows_per_second"] == nil)
    }

    @Test func `the log has the same figures as fields`() {
        let metadata = Self.figures().metadata(at: Self.start + .seconds(2))
        let expected: [String: Int] = [
            "tables": 5, "tables_done": 2, "tables_failed": 1, "rows": 3000, "rows_per_second": 1000, "batches": 2,
            "bytes": 1500,
        ]
        for (name, value) in expected { #expect(metadata[name] == .stringConvertible(value), "\(name)") }
        #expect(metadata["uploaded_files"] == nil)
    }

    @Test func `files of uploads that follow the rows are counted over all tables`() {
        var figures = Self.figures()
        figures.note(.planned(files: 3, bytes: 900))
        figures.note(.sent(bytes: 300))
        figures.note(.arrived)
        figures.note(.planned(files: 2, bytes: 100))
        let line = figures.line(at: Self.start + .seconds(2)).fitted(to: 200)
        #expect(line.hasSuffix("1 at work, 2 batches, 1.5 KB, 1 of 5 files uploaded"), "\(line)")
        #expect(figures.metadata(at: Self.start + .seconds(2))["uploaded_files"] == .stringConvertible(1))
    }
}
