import AWS
import BatchExport
import Text

/// The task of `run` and `check`: the export of one table, or those of several.
struct JobConfiguration {
    /// In the order of the file; those that `--only` names.
    let tables: [ExportConfiguration]
    /// Whether the file is one for several tables, even if it has one, or one was chosen.
    let isOfSeveral: Bool
    /// Whether an option of one table needs `--only` with that table.
    let needsOnly: Bool
    /// How many are exported at a time.
    let parallel: Int

    /// Tables that are exported at a time unless it is said.
    static let standardParallel = 4

    /// - Parameter file: what the option that names one has led to.
    /// - Throws: all that is wrong, in one error.
    init(_ options: RunOptions, file: ConfigurationFile?, workers: Int) throws(ConfigurationError) {
        let settings = SettingsLookup(options: options, file: file)
        var mistakes = ConfigurationMistakes()
        parallel =
            mistakes.collect(try settings.bounded(.parallel, options.parallel, 1...64)) ?? Self.standardParallel
        guard let file, let views = file.tables else {
            isOfSeveral = false
            needsOnly = false
            if !options.only.isEmpty {
                mistakes.add([.option(name: "--only", problem: "the configuration has no tables to choose from")])
            }
            let table = mistakes.collect(try ExportConfiguration(options, file: file, workers: workers))
            try mistakes.check()
            tables = table.map { [$0] } ?? []
            return
        }
        isOfSeveral = true
        needsOnly = Set(options.only).count != 1
        mistakes.add(file.mistakes)
        if needsOnly { mistakes.add(Self.optionsOfOneTable(options)) }
        let chosen = mistakes.collect(try Self.chosen(options.only, of: views)) ?? []
        // What is wrong in all of them anyway says nothing of each.
        try mistakes.check()
        var tables: [ExportConfiguration] = []
        for view in chosen {
            if let table = mistakes.collect(try ExportConfiguration(options, file: view, workers: workers)) {
                tables.append(table)
            }
        }
        try mistakes.check()
        self.tables = tables
    }

    /// What the user should know before the command begins, each once.
    var warnings: [String] {
        var seen: Set<String> = []
        return tables.flatMap(\.warnings).filter { seen.insert($0).inserted }
    }

    /// - Throws: for a name that no table has.
    private static func chosen(
        _ names: [String], of views: [ConfigurationFile]
    ) throws(ConfigurationError) -> [ConfigurationFile] {
        if names.isEmpty { return views }
        let known = Set(views.compactMap(\.tableName))
        for name in names where !known.contains(name) {
            let meant = Suggestion.nearest(to: name, among: known)
            throw .option(
                name: "--only",
                problem: "\"\(name.shown(limit: 80))\" is none of the tables in the configuration; "
                    + (meant.map { "did you mean \($0)?" } ?? "give the name of one as its \"table\" has it"))
        }
        let wanted = Set(names)
        return views.filter { $0.tableName.map(wanted.contains) == true }
    }

    /// The options that were typed although they are of one table, and several are exported.
    private static func optionsOfOneTable(_ options: RunOptions) -> [ConfigurationError] {
        let typed = [
            ("--query", options.query != nil), ("--query-file", options.queryFile != nil),
            ("--parameter", !options.parameter.isEmpty), ("--cursor-column", options.cursorColumn != nil),
            ("--cursor-start", options.cursorStart != nil), ("--table", options.table != nil),
            ("--key", !options.key.isEmpty), ("--write-mode", options.writeMode != nil),
            ("--query-execution-id", options.queryExecutionID != nil), ("--record", options.record != nil),
            ("--replay", options.replay != nil),
        ]
        return typed.filter(\.1).map {
            .option(
                name: $0.0, problem: "it is of one table, and the configuration has several; name the table with --only"
            )
        }
    }
}
