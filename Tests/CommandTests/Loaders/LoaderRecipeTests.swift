import Foundation
import JSON
import TestSupport
import Testing

/// The documentation's blocks for libraries of Python, run as they stand there.
@Suite(
    .fewAtATime, .enabled(if: DuckDBTarget.program != nil, "needs pandas, polars and pyarrow: run Tests/setup"),
    LoaderSuiteTrait(startsPostgres: false))
struct `Recipes of the documentation` {
    enum Library: String, CaseIterable, Sendable {
        case pandas, polars, pyarrow
    }

    /// The block that imports the library.
    private static func recipe(_ library: Library) throws -> String {
        let blocks = Documentation.blocks("python", in: try Documentation.page("LoadingFromPython"))
            .filter { $0.contains("import \(library.rawValue) as ") }
        try #require(blocks.count == 1)
        return blocks[0]
    }

    @Test(arguments: Library.allCases)
    func `a recipe gives the newest row of every key, cell by cell`(_ library: Library) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: directory)
            try FileManager.default.createDirectory(atPath: "\(directory)/export", withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: table, toPath: "\(directory)/export/customers")
            let script = "\(directory)/recipe.py"
            try Data(try Self.recipe(library).utf8).write(to: URL(fileURLWithPath: script))
            let helper = TestMachine.root.appendingPathComponent("Tests/CommandTests/Loaders/recipe-rows.py").path
            let outcome = try await Executable.run(
                try #require(TestMachine.python), [helper, script], environment: Executable.environment(),
                directory: directory)
            guard outcome.status == 0 else { throw LoaderFailure(outcome) }

            var found: [[String?]: [String?]] = [:]
            for line in outcome.output.split(separator: "\n") {
                let row = try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
                    .map { $0.value == .null ? nil : try $0.string() }
                let shown = library == .pandas ? row : Self.normal(row)
                #expect(found.updateValue(shown, forKey: Array(shown[..<2])) == nil)
            }
            let expected = GoldenTable.reference().mapValues { row in
                library == .pandas ? row.map { $0 ?? "" } : Self.normal(row)
            }
            #expect(found.count == expected.count)
            let different = expected.filter { found[$0.key] != $0.value }
            for (key, row) in different.prefix(2) {
                let pairs = zip(GoldenTable.columns, zip(row, found[key] ?? [])).filter { $1.0 != $1.1 }
                Issue.record("\(library): \(key): \(pairs.prefix(5))")
            }
            #expect(different.isEmpty)
        }
    }

    /// Numbers as Swift prints them.
    private static func normal(_ row: [String?]) -> [String?] {
        zip(GoldenTable.columns, row).map { column, value in
            switch column.kind {
            case .float: value.flatMap { Float($0) }.map { "\($0)" }
            case .double: value.flatMap { Double($0) }.map { "\($0)" }
            default: value
            }
        }
    }
}
