import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Runs that prune` {
    /// The merged table of these runs alone.
    private static func merged(_ nights: [[String: ChangingTable.Row]]) -> String {
        ChangingTable.csv(nights.reduce(into: [:]) { $0.merge($1) { $1 } })
    }

    @Test func `full runs that prune leave the merged table of the newest, and name what they remove`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                var nights: [[String: ChangingTable.Row]] = []
                for night in 1...5 {
                    table.change(night: night)
                    table.remove { $0.hasPrefix("c\(night - 2)-") }
                    nights.append(table.current)
                    let outcome = try await job.run(NightlyJob.full + ["--prune-runs", "2"], night: night)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    #expect(outcome.errors.contains("superseded batches removed") == (night > 2), "night \(night)")
                    #expect(try await job.merged() == Self.merged(nights.suffix(2)), "night \(night)")
                    #expect(try await Executable.run(["verify", job.table]).status == 0)
                    let listed = try ExportedTable(job.table).manifest.member("batches").elements()
                    #expect(try Set(listed.map { try $0.member("run_id").string() }).count == min(night, 2))
                    #expect(job.files.count == listed.count)
                }
                #expect(try ExportedTable(job.table).manifest.member("runs").elements().count == 5)
            }
        }
    }

    @Test func `a merge as of a batch that was removed is refused`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                for night in 1...3 {
                    table.change(night: night)
                    #expect(try await job.run(NightlyJob.full + ["--prune-runs", "1"], night: night).status == 0)
                }
                let outcome = try await Executable.run(["merge", job.table, "--through", "1"])
                expectError(outcome, 64, ["--through", "no batch 1", "--prune-runs"])
                #expect(outcome.output.isEmpty)
            }
        }
    }

    @Test func `runs with a cursor remove nothing, and the merged table stays the source's state`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                var files = 0
                for night in 1...5 {
                    table.change(night: night)
                    let outcome = try await job.run(NightlyJob.incremental + ["--prune-runs", "1"], night: night)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    #expect(try await job.merged() == ChangingTable.csv(table.current))
                    #expect(job.files.count > files)
                    files = job.files.count
                }
                table.change(night: 6)
                #expect(try await job.run(NightlyJob.full + ["--prune-runs", "1"], night: 6).status == 0)
                #expect(try await job.merged() == ChangingTable.csv(table.current))
                #expect(try ExportedTable(job.table).manifest.member("pruned").elements().count == 1)
            }
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `a run killed at any call of its pruning leaves a directory that is right, and the next run removes the rest`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let first = NightlyJob(url: url, output: "\(directory)/first")
                for night in 1...3 {
                    table.change(night: night)
                    #expect(try await first.run(NightlyJob.full, night: night).status == 0)
                }
                let (before, after) = (
                    try await Self.points(first, [], directory),
                    try await Self.points(
                        first, ["--prune-runs", "1"], directory)
                )
                #expect(after > before + 20, "\(before) \(after)")
                let next = table.current
                try await forEachConcurrently(
                    Array(stride(from: before + 1, through: after, by: (FaultInjectionJob.stride + 1) / 2))
                ) { point in
                    let job = try first.copied(to: "\(directory)/\(point)")
                    let arguments = NightlyJob.full + ["--prune-runs", "1"]
                    let killed = try await job.run(
                        arguments, night: 4, fault: FileFault(action: .kill, point: point))
                    #expect(killed.status == nil, "point \(point) was not reached")
                    let verified = try await Executable.run(["verify", job.table])
                    #expect(verified.status == 0, "point \(point): \(verified.output)")
                    #expect(try await job.merged() == ChangingTable.csv(next), "point \(point)")
                    let highest = try Self.sequences(job).max() ?? 0
                    #expect(try await job.run(arguments, night: 5).status == 0)
                    #expect(try await job.merged() == ChangingTable.csv(next), "point \(point)")
                    let left = try Self.sequences(job)
                    #expect(job.files.count == left.count && left.allSatisfy { $0 > highest }, "point \(point)")
                    let directories = try FileManager.default.contentsOfDirectory(atPath: "\(job.table)/data")
                    #expect(directories.count == left.count, "point \(point)")
                }
            }
        }
    }

    /// The number of calls of a fourth run that touch a file.
    private static func points(_ job: NightlyJob, _ options: [String], _ directory: String) async throws -> Int {
        let name = "\(directory)/points-\(options.count)"
        let reference = try job.copied(to: name)
        #expect(try await reference.run(NightlyJob.full + options, night: 4, log: "\(name).log").status == 0)
        return try String(contentsOfFile: "\(name).log", encoding: .utf8).split(separator: "\n").count
    }

    private static func sequences(_ job: NightlyJob) throws -> [Int] {
        try ExportedTable(job.table).manifest.member("batches").elements().map { try $0.member("sequence").integer() }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `a disk that fails while pruning fails no run`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: "\(directory)/job")
                table.change(night: 1)
                #expect(try await job.run(NightlyJob.full, night: 1).status == 0)
                let before = try await Self.points(job, [], directory)
                let outcome = try await job.run(
                    NightlyJob.full + ["--prune-runs", "1"], night: 4,
                    fault: FileFault(action: .error(.EIO), point: before + 1, every: 1))
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.errors.contains("could not be removed"))
                #expect(try await job.merged() == ChangingTable.csv(table.current))
            }
        }
    }
}
