import BatchExport
import Foundation
import JSON
import Testing
import TestSupport

@testable import Athena

extension `An export by UNLOAD` {
    @Suite struct `Nights by UNLOAD that write only changes` {
        private static let rows = (0..<43).map(FakeResult.everyType.row)

        private static func result(_ rows: [[String?]]) -> FakeResult {
            var result = FakeResult.everyType
            result.rowCount = rows.count
            result.row = { rows[$0] }
            return result
        }

        /// Runs a night whose UNLOAD writes the rows in this order.
        private static func spend(
            _ night: Int, _ rows: [[String?]], _ format: FileFormat, in directory: String,
            _ change: (inout FakeUnload.Settings) -> Void = { _ in }
        ) async throws -> InProcessExport {
            var setup = UnloadSetup(result(rows), in: directory, change)
            setup.run.format = format
            setup.run.runID = "night-\(night)"
            setup.run.changes = ChangeOptions()
            try await setup.run.run()
            #expect(setup.unloads.count == 1 && setup.objects.isEmpty)
            return setup.run
        }

        @Test(arguments: [FileFormat.csv, .ndjson])
        func `the same rows in another order write nothing, and changes and deletes are found among them`(
            _ format: FileFormat
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let first = try await Self.spend(1, Self.rows, format, in: directory)
                let written = first.files
                #expect(try first.rows(ofRun: 0) == [43, 0] && !written.isEmpty)

                let second = try await Self.spend(2, Self.rows.reversed(), format, in: directory) {
                    $0.objects = 7
                    $0.writer = .hive
                }
                #expect(try second.rows(ofRun: 1) == [0, 43] && second.files == written)

                var rows = Self.rows.filter { !["k5", "k7"].contains($0[0]) }
                rows.reverse()
                rows.swapAt(0, 20)
                let changed = try #require(rows.firstIndex { $0[0] == "k3" })
                rows[changed][10] = "changed"
                // The index that is made again is of the files, which must be equal to what an UNLOAD gives.
                try FileManager.default.removeItem(atPath: "\(directory)/customers/.index")
                let third = try await Self.spend(3, rows, format, in: directory) { $0.objects = 2 }
                #expect(try third.rows(ofRun: 2) == [1, 40])
                let new = third.files.filter { !written.keys.contains($0.key) }
                #expect(try TestMachine.inflated(new).contains("k3"))
                let deletes = try third.manifest().member("deletes").elements()
                #expect(try deletes.map { try $0.member("rows").integer() } == [2])
                let path = try #require(try deletes.first?.member("path").string())
                let keys = try await TestMachine.gunzip("\(directory)/customers/\(path)")
                #expect(keys.contains("k5") && keys.contains("k7"))

                // The next night comes by the API.
                var fourth = InProcessExport(FakeAthena(result: Self.result(rows)), in: directory, source: .api)
                fourth.format = format
                fourth.runID = "night-4"
                fourth.changes = ChangeOptions()
                try await fourth.run()
                #expect(try fourth.rows(ofRun: 3) == [0, 41] && fourth.files == third.files)
            }
        }
    }
}

extension InProcessExport {
    /// How many rows a run has written, and how many it has found unchanged.
    fileprivate func rows(ofRun number: Int) throws -> [Int] {
        let run = try manifest().member("runs").elements()[number]
        return [try run.member("rows").integer(), try run.member("unchanged_rows").integer()]
    }
}
