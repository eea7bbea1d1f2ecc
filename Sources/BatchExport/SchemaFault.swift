/// Why columns and a key cannot be those of an export.
enum SchemaFault: Equatable {
    case noColumns
    case emptyName
    /// The name of the partition directories.
    case partitionName(String)
    case nulInName
    /// Case does not count, nor which of several spellings of a letter Unicode has.
    case repeatedName(String, String)
    case missingKey(String, of: [Column])
    case repeatedKey(String)

    /// Nil if they can.
    init?(_ columns: [Column], primaryKey: [String]) {
        guard let fault = Self.fault(of: columns) ?? Self.fault(of: primaryKey, in: columns) else { return nil }
        self = fault
    }

    private static func fault(of columns: [Column]) -> SchemaFault? {
        var seen: [String: String] = [:]
        for column in columns {
            let folded = column.name.lowercased()
            if column.name.isEmpty { return .emptyName }
            if folded == "batch" { return .partitionName(column.name) }
            if column.name.utf8.contains(0) { return .nulInName }
            if let other = seen.updateValue(column.name, forKey: folded) { return .repeatedName(other, column.name) }
        }
        return columns.isEmpty ? .noColumns : nil
    }

    private static func fault(of key: [String], in columns: [Column]) -> SchemaFault? {
        var seen: Set<String> = []
        for name in key {
            guard columns.contains(where: { $0.name == name }) else { return .missingKey(name, of: columns) }
            guard seen.insert(name).inserted else { return .repeatedKey(name) }
        }
        return nil
    }

    /// What there is, for "found …" and "the result has …".
    var problem: String {
        switch self {
        case .noColumns: "no columns"
        case .emptyName: "a column without a name"
        case .partitionName(let name):
            "a column called \(name.prefix(100)), which is the name of the partition directories"
        case .nulInName: "a column name with U+0000"
        case .repeatedName(let first, let second):
            "two columns called \(first.prefix(100)) and \(second.prefix(100)) (case does not count)"
        case .missingKey(let name, let columns):
            "the key column \(name.prefix(100)), which is not among the columns \(Self.listed(columns))"
        case .repeatedKey(let name): "the column \(name.prefix(100)) twice in the key"
        }
    }

    /// For the columns of a result and the key in the options.
    var error: ExportError {
        switch self {
        case .noColumns:
            .schema("the result has \(problem), so there is nothing to export; give a query that returns rows")
        case .emptyName:
            .schema("the result has \(problem); give it one with AS in the query, which then has to run again")
        case .partitionName, .nulInName:
            .schema("the result has \(problem); rename it with AS in the query, which then has to run again")
        case .repeatedName:
            .schema("the result has \(problem); rename one with AS in the query, which then has to run again")
        case .missingKey(let name, let columns):
            .options(
                "the key column \(name.prefix(100)) is not in the result, whose columns are \(Self.listed(columns)); "
                    + "name the key with --key, or with primary_key in the configuration")
        case .repeatedKey(let name):
            .options("the key names the column \(name.prefix(100)) twice; name it once")
        }
    }

    /// The first names, for a message that has other facts too.
    private static func listed(_ columns: [Column]) -> String {
        let shown = columns.prefix(20).map { String($0.name.prefix(50)) }.joined(separator: ", ")
        return columns.count > 20 ? "\(shown) and \(columns.count - 20) more" : shown
    }
}
