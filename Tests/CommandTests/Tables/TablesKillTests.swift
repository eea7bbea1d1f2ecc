import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Several tables that are killed` {
    private static let tables: [(name: String, result: FakeResult)] = (0..<6).map { number in
        var result = FakeResult.customers(60 + number, from: 100 * number)
        result.pageRows = 11
        return ("table\(number)", result)
    }

    /// How many kills: few in everyday runs, all before a release.
    private static let kills = max(2, 50 / FaultInjectionJob.stride)

    @Test
    func `a job that was killed is completed to the same bytes by the same command, with one query for each table`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/whole", withIntermediateDirectories: false)
            let whole = try TablesJob("\(directory)/whole", Self.tables)
            let options = ["--run-id", "nightly", "--parallel", "3"]
            let calls = try await { () in
                let athena = whole.athena()
                let outcome = try await athena.serve { try await whole.run($0, options) }
                try #require(outcome.status == 0, "\(outcome.errors)")
                return athena.calls.count
            }()
            // A fixed seed: the places are the same in every run.
            var random = SplitMix(seed: 20_261_129)
            let places = (0..<Self.kills).map { _ in Int.random(in: 1..<calls, using: &random) }
            try await forEachConcurrently(Array(places.enumerated())) { number, place in
                try await Self.kill(at: place, "\(directory)/\(number)", whole, options)
            }
        }
    }

    /// Kills the process at one of the calls that it makes, and runs the command again.
    private static func kill(
        at place: Int, _ directory: String, _ whole: TablesJob, _ options: [String]
    ) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let job = try TablesJob(directory, tables)
        let process = RunningProcess()
        let athena = job.athena { call in call.number == place ? .before { process.kill() } : nil }
        try await athena.serve { url in
            let killed = try await job.run(url, options, onStart: process.started)
            #expect(killed.status == nil, "call \(place): \(killed.errors)")
            let again = try await job.run(url, options)
            #expect(again.status == 0, "call \(place): \(again.errors)")
        }
        #expect(job.files == whole.files, "call \(place)")
        #expect(athena.executionIDs.count == tables.count, "call \(place)")
    }
}
