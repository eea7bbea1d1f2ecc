import Files
import Foundation
import SystemPackage
import Testing
import Threading

@testable import BatchExport

@Suite(.serialized) struct `The log of many batches` {
    /// How many batches the manifest of a copy lists, and how many lines its log has.
    private static func counts(_ export: MemoryExport) throws -> (listed: Int, logged: Int) {
        (try export.manifest.batches.count, try BatchLog.read(in: export.directory)?.count ?? 0)
    }

    @Test func `the first batches cost a manifest each, and later ones the less the more there are`() async throws {
        try await withTemporaryDirectory { parent in
            let export = WatchedExport.export(parent)
            let listed = Locked<[Int]>([])
            try await WatchedExport.run(export) { batches in
                let (inManifest, inLog) = try Self.counts(export)
                listed.withLock { $0.append(inManifest) }
                // One of them has no file, but each has a line.
                let published = batches - (batches >= WatchedExport.rejectedRow ? 1 : 0)
                #expect((published...published + 1).contains(inManifest + inLog), "behind batch \(batches)")
                #expect(inLog <= batches / 16 + 1)
            }
            let versions = listed.withLock { Set($0).count }
            #expect((20...50).contains(versions), "the manifest was written \(versions) times")
            #expect(listed.withLock { $0.prefix(15) } == Array(1...15)[...])
            #expect(try export.manifest.batches.count == WatchedExport.rowCount - 1)
            #expect(try DirectoryListing.names(in: export.directory.work) == ["lock"])
        }
    }

    @Test func `all batches are listed when a source fails, though the manifest was not due`() async throws {
        try await withTemporaryDirectory { parent in
            for batches in [17, 39, 40, 60] {
                let export = WatchedExport.export(parent.appending("\(batches)"))
                await #expect(throws: FailingSource.Failure.self) {
                    try await export.run(
                        FailingSource(
                            source: WatchedExport.source, pagesBeforeFailure: batches, batchesBeforeFailure: batches,
                            of: export))
                }
                let manifest = try export.manifest
                #expect(manifest.batches.count == batches - (batches >= WatchedExport.rejectedRow ? 1 : 0))
                #expect(manifest.runs.map(\.rejectedRows) == [batches >= WatchedExport.rejectedRow ? 1 : 0])
                #expect(try DirectoryListing.names(in: export.directory.work) == ["lock"])
            }
        }
    }

    @Test func `batches of a later run in a directory of many are listed at its end, and those before stay`()
        async throws
    {
        try await withTemporaryDirectory { parent in
            let export = WatchedExport.export(parent)
            try await export.run(WatchedExport.source)
            let before = try export.files().filter { $0.key.hasPrefix("/data") }
            try await export.run([[["x", "1"]], [["y", "2"]], [["z", "3"]]])
            #expect(try export.manifest.batches.map(\.sequence).suffix(3) == [73, 74, 75])
            #expect(try export.manifest.runs.map(\.rows) == [71, 3])
            #expect(try export.files().filter { before.keys.contains($0.key) } == before)
        }
    }
}

/// The damages that a killed run's log can have.
enum LogDamage: CaseIterable {
    case none, torn, lastLineLost, firstLineLost, garbled, empty, lost, endless, link, ofOtherQuery, unpublished

    func apply(to export: MemoryExport) throws {
        let path = export.directory.batchLog
        let url = URL(fileURLWithPath: path.string)
        var lines = try Data(contentsOf: url).split(separator: 0x0a).map { Data($0) + [0x0a] }
        switch self {
        case .none: return
        case .torn: lines.append(Data(lines[0].dropLast(9)))
        case .lastLineLost: lines.removeLast()
        case .firstLineLost: lines.removeFirst()
        case .garbled: lines[0][70] ^= 1
        case .empty: lines = []
        case .lost: return try FileManager.default.removeItem(at: url)
        case .endless: lines.append(Data(repeating: 0x30, count: 1 << 20))
        case .link:
            let moved = path.removingLastComponent().removingLastComponent().appending("moved").string
            try FileManager.default.moveItem(atPath: path.string, toPath: moved)
            return try FileManager.default.createSymbolicLink(atPath: path.string, withDestinationPath: moved)
        case .ofOtherQuery:
            var log = BatchLog(in: export.directory)
            for line in try #require(try BatchLog.read(in: export.directory)) {
                var run = line.run
                run.queryExecutionID = "another"
                try log.append(LoggedBatch(run: run, batch: line.batch, rowsBefore: line.rowsBefore))
            }
            return
        case .unpublished:
            // The directory was copied under the run, and this file was copied before the log.
            let last = try #require(try BatchLog.read(in: export.directory)?.compactMap(\.batch).last)
            return try FileManager.default.removeItem(atPath: export.directory.path.appending(last.path).string)
        }
        try Data(lines.joined()).write(to: url)
    }

    /// Whether every line can be read all the same.
    var isHarmless: Bool { [.none, .torn, .endless].contains(self) }
}

@Suite(.serialized) struct `A killed run of many batches` {
    /// Runs a body with a copy of the export as it stood behind a batch, for each way in which its log can be damaged.
    ///
    /// - Parameter stops: batches behind which two to four of them are in the log alone.
    private static func forEachDamage(
        _ damages: [LogDamage] = LogDamage.allCases, behind stops: Set<Int> = [70],
        _ body: (LogDamage, MemoryExport, _ whole: MemoryExport) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { parent in
            let (whole, copies) = try await WatchedExport.copies(behind: stops, in: parent)
            for damage in damages {
                for (stop, original) in copies {
                    let copy = try original.copy(to: parent.appending("\(damage)-\(stop)"))
                    try damage.apply(to: copy)
                    try await body(damage, copy, whole)
                }
            }
        }
    }

    @Test(arguments: [([40, 57], [.none, .unpublished]), ([70], LogDamage.allCases)] as [([Int], [LogDamage])])
    func `a killed run is completed to the same bytes, whatever has become of its log`(
        _ stops: [Int], _ damages: [LogDamage]
    ) async throws {
        try await Self.forEachDamage(damages, behind: Set(stops)) { damage, copy, whole in
            try await copy.run(WatchedExport.source)
            var files = try copy.files()
            files["/moved"] = nil
            #expect(try files == whole.files(), "\(damage), \(copy.directory.path)")
        }
    }

    @Test func `a killed run is verified with a note and no difference, whatever has become of its log`() async throws {
        try await Self.forEachDamage { damage, copy, _ in
            let (manifest, state) = try ExportJournal.read(copy.directory)
            let outcome = try await Verification(copy.directory, try #require(manifest), state).run(workers: 1) { _ in }
            #expect(outcome.differences.isEmpty, "\(damage): \(outcome.differences)")
            #expect(outcome.notes.count == 1 && outcome.notes[0].contains("not listed yet"), "\(damage)")
        }
    }

    @Test func `a killed run is given up with all its batches listed, if its log can be read`() async throws {
        try await Self.forEachDamage { damage, copy, _ in
            let listed = try copy.manifest.batches.count
            let journal = try ExportJournal(opening: copy.directory, now: { "2026-01-02T00:00:00Z" })
            let plan = try await journal.plan(MemoryExport.request, runID: nil, restart: true)
            // The number of a batch that is not listed is not used again either.
            #expect(plan == .start(firstBatch: 71), "\(damage)")
            #expect(try copy.manifest.runs.map(\.status) == [.running], "\(damage)")
            let next = ExportState(
                runID: "next", request: MemoryExport.request, startedAt: "2026-01-02T00:00:00Z", firstBatch: 71,
                phase: .starting(clientRequestToken: "t"))
            let abandoned = try await journal.begin(next)
            #expect(try copy.manifest.runs.map(\.status) == [.abandoned], "\(damage)")
            #expect(abandoned.map(\.rows) == [try copy.manifest.batches.reduce(0) { $0 + $1.rows }], "\(damage)")
            let manifest = try copy.manifest
            #expect((damage.isHarmless ? 69 : listed)...69 ~= manifest.batches.count, "\(damage)")
            #expect(try DirectoryListing.names(in: copy.directory.work) == ["lock"], "\(damage)")
        }
    }

    @Test func `a run that was begun in the place of another abandons it, also after a crash behind its state`()
        async throws
    {
        try await withTemporaryDirectory { parent in
            let copy = try #require(try await WatchedExport.copies(behind: [70], in: parent).copies[70])
            let next = ExportState(
                runID: "next", request: MemoryExport.request, startedAt: "2026-01-02T00:00:00Z", firstBatch: 71,
                phase: .starting(clientRequestToken: "t"))
            do {
                let journal = try ExportJournal(opening: copy.directory, now: { "2026-01-02T00:00:00Z" })
                _ = try await journal.plan(MemoryExport.request, runID: nil, restart: true)
                try await journal.save(next)
            }
            #expect(try copy.manifest.runs.map(\.status) == [.running])
            let journal = try ExportJournal(opening: copy.directory, now: { "2026-01-02T00:00:00Z" })
            #expect(try await journal.plan(MemoryExport.request, runID: nil, restart: false) == .resume(next))
            #expect(try copy.manifest.runs.map(\.status) == [.abandoned] && copy.manifest.batches.count == 69)
        }
    }

    @Test func `a resumed run reads its result again only if batches are lost`() async throws {
        try await Self.forEachDamage { damage, copy, _ in
            let journal = try ExportJournal(opening: copy.directory, now: { "2026-01-02T00:00:00Z" })
            switch try await journal.plan(MemoryExport.request, runID: nil, restart: false) {
            case .resume(let state): #expect(damage.isHarmless && state.checkpoint.nextBatch == 71, "\(damage)")
            case .reread(let state):
                #expect(!damage.isHarmless && state.checkpoint == Checkpoint(nextBatch: 1), "\(damage)")
            default: Issue.record("\(damage): the run is not continued")
            }
        }
    }

    @Test(arguments: [2, 69])
    func `a resumed run stops where the result is another one than that of which the log was lost`(_ changed: Int)
        async throws
    {
        try await withTemporaryDirectory { parent in
            let copy = try #require(try await WatchedExport.copies(behind: [70], in: parent).copies[70])
            try LogDamage.lost.apply(to: copy)
            let before = try copy.files().filter { $0.key.hasPrefix("/data") }
            var pages = WatchedExport.source.pages
            pages[changed - 1] = [["k\(changed)", "another value"]]
            await #expect {
                try await copy.run(MemorySource(columns: MemoryExport.columns, pages: pages))
            } throws: {
                // A listed batch is compared with its entry, another one with its file.
                "\($0)".contains(changed == 2 ? "other rows than before in batch 2" : "t-000069.csv.gz")
            }
            #expect(try copy.files().filter { $0.key.hasPrefix("/data") } == before)
        }
    }
}

@Suite(.serialized) struct `A line of the log` {
    private func withLog(_ body: (MemoryExport, Manifest, [LoggedBatch]) throws -> Void) async throws {
        try await withTemporaryDirectory { parent in
            let copy = try #require(try await WatchedExport.copies(behind: [70], in: parent).copies[70])
            try body(copy, try copy.manifest, try #require(try BatchLog.read(in: copy.directory)))
        }
    }

    @Test func `a line is added to the manifest once, and only behind the line before it`() async throws {
        try await withLog { export, manifest, lines in
            try #require(lines.count >= 3)
            var manifest = manifest
            func add(_ line: LoggedBatch, hasFile: Bool = true) -> Manifest.Addition {
                manifest.add(line, in: export.directory) { _ in hasFile }
            }
            #expect(add(lines[1]) == .refused && add(lines[0], hasFile: false) == .refused)
            #expect(add(lines[0]) == .added && add(lines[0]) == .known)
            #expect(add(lines[2]) == .refused && add(lines[1]) == .added && add(lines[2]) == .added)
            #expect(manifest.batches.suffix(3) == lines.prefix(3).compactMap(\.batch)[...])
            #expect(manifest.runs == [lines[2].run])
        }
    }

    @Test func `a line is refused if its figures fit neither each other nor the directory`() async throws {
        try await withLog { export, manifest, lines in
            let line = lines[0]
            let batch = try #require(line.batch)
            func other(
                sequence: Int? = nil, path: String? = nil, rows: Int? = nil, firstRow: Int? = nil, runID: String? = nil
            ) -> LoggedBatch {
                LoggedBatch(
                    run: line.run,
                    batch: Manifest.Batch(
                        sequence: sequence ?? batch.sequence, runID: runID ?? batch.runID, path: path ?? batch.path,
                        rows: rows ?? batch.rows, duplicateRows: 0, rejectedRows: 0, bytes: batch.bytes,
                        uncompressedBytes: batch.uncompressedBytes, sha256: batch.sha256,
                        firstRow: firstRow ?? batch.firstRow, lastRow: batch.lastRow), rowsBefore: line.rowsBefore)
            }
            var succeeded = line.run
            succeeded.status = .succeeded
            let wrong = [
                other(sequence: 1), other(path: "../../etc/passwd"), other(path: "data/batch=000001/t-000001.csv.gz"),
                other(rows: 2), other(firstRow: batch.firstRow - 1), other(runID: "another"),
                LoggedBatch(run: succeeded, batch: batch, rowsBefore: line.rowsBefore),
                LoggedBatch(run: line.run, batch: batch, rowsBefore: line.rowsBefore + 1),
            ]
            for (index, line) in wrong.enumerated() {
                var changed = manifest
                #expect(changed.add(line, in: export.directory) { _ in true } == .refused, "\(index)")
                #expect(changed == manifest, "\(index)")
            }
            var changed = manifest
            #expect(changed.add(other(), in: export.directory) { _ in true } == .added)
        }
    }

    @Test func `a line of deletes is added behind the last row, once, and only if its file exists`() async throws {
        try await withLog { export, manifest, lines in
            let run = lines[0].run
            var manifest = manifest
            manifest.record(run)
            let deletes = Manifest.Deletes(
                sequence: manifest.lastSequence + 1, runID: run.runID,
                path: export.directory.deletedPath(sequence: manifest.lastSequence + 1, format: .csv), rows: 2,
                bytes: 9,
                uncompressedBytes: 9, sha256: String(repeating: "0", count: 64))
            let line = LoggedBatch(run: run, entry: .deletes(deletes), rowsBefore: run.rowsRead)
            func add(_ line: LoggedBatch, hasFile: Bool = true) -> Manifest.Addition {
                manifest.add(line, in: export.directory) { _ in hasFile }
            }
            #expect(add(line, hasFile: false) == .refused)
            let early = LoggedBatch(run: run, entry: .deletes(deletes), rowsBefore: run.rowsRead - 1)
            #expect(add(early) == .refused && add(line) == .added && add(line) == .known)
            #expect(manifest.deletes == [deletes])
        }
    }

    @Test func `a line is added though a run of its name was given up before it had a file`() async throws {
        try await withLog { export, manifest, lines in
            var manifest = manifest
            var run = lines[0].run
            run.firstBatch = manifest.lastSequence + 1
            let givenUp = Manifest.Run(
                runID: run.runID, status: .abandoned, queryExecutionID: "q", querySHA256: run.querySHA256,
                source: run.source, startedAt: "earlier", rows: 0, duplicateRows: 0, rejectedRows: 0,
                firstBatch: run.firstBatch)
            manifest.runs = [givenUp]
            let deletes = Manifest.Deletes(
                sequence: manifest.lastSequence + 1, runID: run.runID,
                path: export.directory.deletedPath(sequence: manifest.lastSequence + 1, format: .csv), rows: 2,
                bytes: 9, uncompressedBytes: 9, sha256: String(repeating: "0", count: 64))
            (run.rows, run.duplicateRows, run.rejectedRows, run.unchangedRows) = (0, 0, 0, nil)
            let line = LoggedBatch(run: run, entry: .deletes(deletes), rowsBefore: 0)
            #expect(manifest.add(line, in: export.directory) { _ in true } == .added)
            #expect(manifest.deletes == [deletes] && manifest.runs.suffix(2) == [givenUp, run])
            #expect(manifest.deletedRows(of: run) == 2 && manifest.deletedRows(of: givenUp) == 0)
        }
    }

    @Test func `a line is read as it was written, also that of a batch without a file`() async throws {
        try await withTemporaryDirectory { parent in
            let directory = ExportDirectory(parent: parent, table: "t")
            let journal = try ExportJournal(opening: directory, now: { "" })
            try await withLog { _, _, lines in
                let written = lines + [LoggedBatch(run: lines[0].run, batch: nil, rowsBefore: 7)]
                var log = BatchLog(in: directory)
                for line in written { try log.append(line) }
                #expect(log.count == written.count)
                #expect(try BatchLog.read(in: directory) == written)
                try log.remove()
                #expect(try BatchLog.read(in: directory) == nil)
            }
            _ = await journal.state
        }
    }
}

extension LoggedBatch {
    fileprivate init(run: Manifest.Run, batch: Manifest.Batch?, rowsBefore: Int) {
        self.init(run: run, entry: batch.map { .rows($0) }, rowsBefore: rowsBefore)
    }

    fileprivate var batch: Manifest.Batch? { if case .rows(let batch) = entry { batch } else { nil } }
}
