import Foundation
import JSON
import Testing
import TestSupport
/// The job of the fault tests: three or fifty batches out of five pages, or of the object in S3, with repeated keys and
/// a row that is rejected. It is disturbed at every point and compared with an undisturbed run.
///
/// With ``BatchRows/changes`` it is the second night of a run with `--changes-only`: five batches of rows, and two files
/// of deletes, beside what the first night has left. With ``BatchRows/deletes`` that night's result has no rows.
struct FaultInjectionJob: Sendable {
    /// The source of the rows.
    enum Source: String, CaseIterable, Sendable {
        case api, s3, unload

        /// UNLOAD has fewer tests, of its own.
        static let allCases: [Source] = [.api, .s3]
    }

    /// How many rows of the result are a batch.
    enum BatchRows: Int, Sendable {
        /// Three batches, each of which the manifest lists at once.
        case twenty = 20
        /// Fifty batches, of which at times one or two are in the log alone.
        case one = 1
        /// Of the rows that are new or changed.
        case changes = 6
        /// Of the keys that are gone: all of them.
        case deletes = 5

        var isOfChanges: Bool { self == .changes || self == .deletes }
    }

    let athena: FakeAthena
    let url: String
    let source: Source
    let format: String
    let batchRows: BatchRows
    let scratch: String
    /// The table's directory as an earlier run with fewer columns left it; nil where the job's run is the first.
    private let seed: String?
    /// The name of each call that touched a file, in order.
    let points: [String]
    /// The number of calls to the service.
    let serviceCalls: Int
    private let files: [String: Data]
    private let manifest: String

    /// One of how many points is tested: all of them before a release, some in everyday runs.
    static let stride = max(1, number("ATHENA_EXPORT_TEST_STRIDE") ?? 20)
    /// How many kills at random times: few in everyday runs, a thousand before a release.
    static let randomKills = number("ATHENA_EXPORT_TEST_KILLS") ?? 20
    /// The first tested point. Runs with other numbers test other points.
    private static let offset = number("ATHENA_EXPORT_TEST_OFFSET") ?? 0

    private static func number(_ variable: String) -> Int? {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
    }

    /// The points that this run tests.
    ///
    /// - Parameter most: the largest stride, for kinds of points of which there are few.
    static func taken(of count: Int, stride most: Int = .max) -> [Int] {
        let stride = min(stride, most)
        return Array(Swift.stride(from: 1 + offset % stride, through: count, by: stride))
    }

    /// Runs the job undisturbed, and then the body while the service still runs.
    ///
    /// - Parameters:
    ///   - addsColumns: whether the job's result has more columns than its directory.
    ///   - script: the faults of Athena and S3.
    static func prepared(
        _ format: String, from source: Source = .api, batchRows: BatchRows = .twenty, addsColumns: Bool = false,
        script: @escaping FaultScript = { _ in nil },
        _ body: @escaping @Sendable (FaultInjectionJob) async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let result = Self.result(of: batchRows)
            let seed: String? =
                if batchRows.isOfChanges {
                    try await firstNight(in: directory, format)
                } else {
                    addsColumns ? try await seed(format, in: directory) : nil
                }
            let s3 = FakeS3(result, script: script)
            let unload = FakeUnload(result.inS3, s3: s3)
            let athena = FakeAthena(
                result: result.inS3, s3: s3, isSigned: isSigned, script: script,
                evaluate: { request in try await unload.evaluate(try request.member("QueryString").string()) })
            try await athena.serve { url in
                try await body(
                    FaultInjectionJob(
                        athena, s3, url: url, source, format: format, batchRows: batchRows, scratch: directory,
                        seed: seed))
            }
            #expect(source == .api || !s3.calls.isEmpty)
            #expect(athena.badSignatures == 0)
        }
    }

    private init(
        _ athena: FakeAthena, _ s3: FakeS3, url: String, _ source: Source, format: String, batchRows: BatchRows,
        scratch: String, seed: String?
    ) async throws {
        self.athena = athena
        self.url = url
        self.source = source
        self.format = format
        self.batchRows = batchRows
        self.scratch = scratch
        self.seed = seed
        let output = "\(scratch)/reference"
        let log = "\(scratch)/points"
        try Self.plant(seed, in: output)
        let outcome = try await Executable.run(
            Self.arguments(url, output, source, format, batchRows, workGroup: "reference", addsColumns: seed != nil),
            environment: FaultShim.environment(root: output, log: log))
        try #require(outcome.status == 0, "\(outcome.errors)")
        points = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        serviceCalls = athena.calls.count + s3.calls.count
        files = Self.exported("\(output)/customers")
        manifest = try ExportedTable.comparable("\(output)/customers/manifest.json")
        try #require(points.count >= 60, "only \(points.count) points were found")
        func filesBelow(_ directory: String) -> Int { files.keys.count { $0.hasPrefix("\(directory)/") } }
        switch batchRows {
        case .twenty: try #require(files.count == 4 + (seed == nil ? 0 : 1))
        case .one: try #require(files.count == 50 + (seed == nil ? 0 : 1))
        case .changes:
            // With those of the first night: a batch, and its rejected row, which comes again.
            try #require(filesBelow("data") == 6 && filesBelow("deleted") == 2)
        case .deletes:
            try #require(filesBelow("data") == 1 && filesBelow("deleted") == 10)
        }
    }

    private static func firstNight(in scratch: String, _ format: String) async throws -> String {
        let athena = FakeAthena(result: result, isSigned: isSigned)
        let output = "\(scratch)/first-night"
        try await athena.serve { url in
            let outcome = try await Executable.run(
                [
                    "--endpoint-url", url, "--output", output, "--format", format, "--run-id", "first",
                    "--changes-only",
                ])
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        return "\(output)/customers"
    }

    private static func result(of batchRows: BatchRows) -> FakeResult {
        switch batchRows {
        case .twenty, .one: return result
        case .changes: return changedResult
        case .deletes:
            var empty = result
            empty.rowCount = 0
            return empty
        }
    }

    /// The second night: every third row is changed, eight keys are gone and ten are new.
    private static let changedResult: FakeResult = {
        var changed = result
        changed.rowCount = 52
        changed.row = { place in
            let number = place < 12 ? place : place + 8
            var row = result.row(number)
            if number % 3 == 1 { row[3] = "changed\(number)@example.com" }
            return row
        }
        return changed
    }()

    static let result: FakeResult = {
        var result = FakeResult.customers(50)
        result.pageRows = 11
        result.row = { number in
            var row = FakeResult.customer(number)
            if number == 7 || number == 30 { row[0] = FakeResult.customer(3)[0] }
            if number == 41 { row[0] = nil }
            return row
        }
        return result
    }()

    /// The table's directory after a run whose result had two columns, in another order than the job's.
    private static func seed(_ format: String, in directory: String) async throws -> String {
        var narrow = FakeResult(
            columns: [FakeResult.customerColumns[3], FakeResult.customerColumns[0]], rowCount: 5
        ) { [FakeResult.customer($0)[3], FakeResult.customer($0)[0]] }
        narrow.states = ["SUCCEEDED"]
        let outcome = try await FakeAthena(result: narrow, isSigned: isSigned).serve { url in
            try await Executable.run([
                "--endpoint-url", url, "--output", "\(directory)/seed", "--format", format, "--source", "api",
            ])
        }
        try #require(outcome.status == 0, "\(outcome.errors)")
        return "\(directory)/seed/customers"
    }

    /// Puts the seed where no run has been yet, as ``run(_:_:log:environment:onStart:)`` does.
    func begin(_ output: String) throws { try Self.plant(seed, in: output) }

    private static func plant(_ seed: String?, in output: String) throws {
        guard let seed, !FileManager.default.fileExists(atPath: output) else { return }
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: seed, toPath: "\(output)/customers")
    }

    private static func arguments(
        _ url: String, _ output: String, _ source: Source, _ format: String, _ batchRows: BatchRows, workGroup: String,
        addsColumns: Bool
    ) -> [String] {
        [
            "--endpoint-url", url, "--output", output, "--source", source.rawValue, "--format", format,
            "--batch-rows", String(batchRows.rawValue), "--run-id", "nightly", "--work-group", workGroup,
        ]
            + (addsColumns ? ["--on-schema-change", "append_new_columns"] : [])
            + (batchRows.isOfChanges ? ["--changes-only"] : [])
            + (batchRows == .deletes ? ["--max-deletes", "100"] : [])
    }

    /// The service recognizes the runs of one output by the work group, on every copy of a disk.
    private func workGroup(_ output: String) -> String {
        let name = output.dropFirst(scratch.count + 1).prefix { $0 != "/" }
        return String((name.hasSuffix(".cut") ? name.dropLast(4) : name).map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }

    /// The parent directory of a run of its own.
    func output(_ name: some CustomStringConvertible) -> String { "\(scratch)/\(name)" }

    /// Runs the job's command once.
    func run(
        _ output: String, _ fault: FileFault? = nil, log: String? = nil, environment: [String: String] = [:],
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Executable.Outcome {
        try Self.plant(seed, in: output)
        return try await Executable.run(
            Self.arguments(
                url, output, source, format, batchRows, workGroup: workGroup(output), addsColumns: seed != nil),
            environment: FaultShim.environment(fault, root: output, log: log, more: environment), onStart: onStart)
    }

    /// Every file that the manifest lists exists and is complete, and no incomplete file has a final name.
    func expectManifestHolds(_ output: String, _ comment: Comment) async throws {
        let table = "\(output)/customers"
        guard FileManager.default.fileExists(atPath: "\(table)/manifest.json") else { return }
        let exported = Self.exported(table)
        for (name, data) in exported { #expect(data == files[name], "\(name): \(comment)") }
        let manifest = try ExportedTable(table).manifest
        let deletes = try manifest.optionalMember("deletes")?.elements() ?? []
        for batch in try manifest.member("batches").elements() + deletes {
            let path = try batch.member("path").string()
            #expect(exported[path] != nil, "\(path): \(comment)")
        }
        // For many batches, it is enough that the files are those of the undisturbed job.
        if batchRows == .twenty { _ = try await ExportedTable(table).contents() }
    }

    /// Temporary files that were not removed.
    func leftovers(_ output: String) -> [String] {
        TestMachine.files(below: "\(output)/customers/.work").keys.filter { $0 != "lock" }
    }

    /// The same files, manifest and state as in the undisturbed run, from one query unless one was stopped.
    func expectComplete(
        _ output: String, _ outcome: Executable.Outcome, kills: Int = 1, stops: Int = 0, _ comment: Comment
    ) throws {
        try #require(outcome.status == 0, "\(comment): \(outcome.errors)")
        let table = "\(output)/customers"
        #expect(Self.exported(table) == files, comment)
        #expect(try ExportedTable.comparable("\(table)/manifest.json") == manifest, comment)
        #expect(leftovers(output).isEmpty, comment)
        let exported = try ExportedTable(table)
        #expect(try exported.state.member("status").string() == "succeeded", comment)
        try expectOneQuery(exported, workGroup(output), kills: kills, stops: stops, comment)
    }

    /// StartQueryExecution may have been sent once more for each kill, but with one token, one body and one id.
    private func expectOneQuery(
        _ exported: ExportedTable, _ workGroup: String, kills: Int, stops: Int, _ comment: Comment
    ) throws {
        let token = try exported.state.member("client_request_token").string()
        let bodies = athena.calls.filter {
            $0.operation == "StartQueryExecution" && $0.body.contains("\"\(workGroup)\"")
                && (source != .unload || $0.body.contains("UNLOAD"))
        }.map(\.body)
        #expect((1...1 + stops).contains(Set(bodies).count) && bodies.count <= 1 + kills + stops, comment)
        #expect(bodies.last?.contains(token) == true, comment)
        let id = try exported.manifest.member("runs").elements().last?.member("query_execution_id").string()
        #expect(id == athena.executionID(forToken: token), comment)
    }

    /// Runs a body for every point, a few at a time.
    func forEachPoint(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await forEachConcurrently(taken, body)
    }

    /// For many batches, fewer points, and none of the first batches, each of which the manifest lists at once.
    private var taken: [Int] {
        guard batchRows == .one else { return Self.taken(of: points.count) }
        let first = points.count / 3
        let numbers = Array(first...points.count)
        return Self.taken(of: numbers.count).enumerated().filter { Self.stride == 1 || $0.offset % 4 == 0 }
            .map { numbers[$0.element - 1] }
    }

    /// Everything that a loader may read, by name.
    private static func exported(_ table: String) -> [String: Data] {
        TestMachine.files(below: table).filter { name, _ in
            ["data/", "deleted/", "rejected/"].contains { name.hasPrefix($0) }
        }
    }
}

/// Runs a body for every element, a few at a time.
func forEachConcurrently<Element: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, element) in elements.enumerated() {
            if index >= 4 { try await group.next() }
            group.addTask { try await body(element) }
        }
        try await group.waitForAll()
    }
}
