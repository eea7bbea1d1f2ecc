import Foundation
import JSON
import Testing
import TestSupport

/// Examples of the documentation, checked by the programs that read them.
@Suite(.limitedConcurrency) struct `Documentation pages` {
    private static let systemdAnalyze = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: systemdAnalyze != nil, "needs systemd-analyze: run Tests/setup"))
    func `the page on scheduling shows units that systemd takes`() async throws {
        let units = Documentation.blocks("ini", in: try Documentation.page("Scheduling"))
        try #require(units.count == 2 && units[0].contains("[Service]") && units[1].contains("[Timer]"))
        try await TestMachine.withTemporaryDirectory { directory in
            let files = ["service", "timer"].map { "\(directory)/athena-export.\($0)" }
            for (file, unit) in zip(files, units) { try Data(unit.utf8).write(to: URL(fileURLWithPath: file)) }
            let outcome = try await Executable.run(
                try #require(Self.systemdAnalyze), ["verify", "--man=no", "--recursive-errors=no"] + files,
                environment: ProcessInfo.processInfo.environment)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
    }

    @Test func `the page on permissions has a policy that is JSON and allows every operation that is called`() throws {
        let policies = Documentation.blocks("json", in: try Documentation.page("Permissions"))
        let policy = JSONField(try JSONValue(parsing: Array(try #require(policies.first).utf8)))
        var actions: Set<String> = []
        for statement in try policy.member("Statement").elements() {
            guard case .array = try statement.member("Action").value else { continue }
            for action in try statement.member("Action").elements() { actions.insert(try action.string()) }
        }
        for operation in [
            "StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetQueryRuntimeStatistics",
            "StopQueryExecution",
        ] { #expect(actions.contains("athena:\(operation)")) }
    }

    @Test func `the page on options has every option of run and no other one`() async throws {
        let outcome = try await Executable.run(["run", "--help"])
        let options = Set(outcome.output.matches(of: /--[a-z][a-z0-9-]+/).map { String($0.output) })
        let tables = Documentation.tables(
            headed: "| option | key in the file |", in: try Documentation.page("RunOptions"))
        let documented = Set(
            tables.flatMap { $0.matches(of: /(?:^|\n)\| [^|]*/).map { String($0.output) } }
                .flatMap { $0.matches(of: /--[a-z][a-z0-9-]+/).map { String($0.output) } })
        let settings: Set = ["--region", "--profile", "--endpoint-url"]
        #expect(documented.union(settings).union(["--help", "--version"]) == options)
    }

    @Test func `every link between pages leads to a file and a heading that exist`() throws {
        for file in try Documentation.files() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for link in text.matches(of: /\]\(([^)#:\s]*)(?:#([^)\s]*))?\)/) {
                let path = String(link.1)
                let target = path.isEmpty ? file : file.deletingLastPathComponent().appendingPathComponent(path)
                let found = try? String(contentsOf: target, encoding: .utf8)
                #expect(found != nil, "\(file.lastPathComponent): \(path)")
                guard let found, let anchor = link.2 else { continue }
                #expect(
                    Documentation.anchors(in: found).contains(String(anchor)),
                    "\(file.lastPathComponent): \(path)#\(anchor)")
            }
        }
    }

    @Test func `every page stands in the table of contents and in the README`() throws {
        let contents = try Documentation.page("athena-export")
        let readme = try String(contentsOf: TestMachine.root.appendingPathComponent("README.md"), encoding: .utf8)
        for file in try Documentation.files().dropFirst() where file.lastPathComponent != "athena-export.md" {
            let name = file.deletingPathExtension().lastPathComponent
            #expect(contents.contains("- <doc:\(name)>"), "\(name)")
            #expect(readme.contains("athena-export.docc/\(name).md"), "\(name)")
        }
    }

    @Test(arguments: ["Architecture", "Contributing"])
    func `a page for contributors names only types and paths that exist`(_ page: String) throws {
        let repository = try Repository()
        for span in try Documentation.page(page).matches(of: /`([^`\n]+)`/) {
            let name = String(span.1)
            if name.hasPrefix("Sources/") || name.hasPrefix("Tests/") {
                #expect(repository.paths.contains(name), "\(name)")
            } else if name.hasSuffix(".swift") {
                #expect(repository.fileNames.contains(name), "\(name)")
            } else if name.wholeMatch(of: /[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*/) != nil {
                #expect(repository.types.contains(name) || repository.paths.contains("Sources/\(name)"), "\(name)")
            }
        }
    }
}

/// The files and types of the repository that a page can name.
private struct Repository {
    /// Files and directories, from the root.
    let paths: Set<String>
    let fileNames: Set<String>
    /// The types that the Swift files declare.
    let types: Set<String>

    init() throws {
        let root = TestMachine.root
        let below = try ["Sources", "Tests"].flatMap { top in
            try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(top).path)
                .map { "\(top)/\($0)" }
        }
        paths = Set(below)
        fileNames = Set((below + ["Package.swift"]).map { ($0 as NSString).lastPathComponent })
        types = Set(
            try below.filter { $0.hasSuffix(".swift") }.flatMap { path in
                try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
                    .matches(of: /(?:struct|class|enum|actor|protocol|typealias) ([A-Z][A-Za-z0-9]*)/)
                    .map { String($0.1) }
            })
    }
}
