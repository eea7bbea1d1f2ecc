/// A column of the result: its name and what its texts mean.
package struct Column: Sendable, Equatable {
    package let name: String
    /// The source's own name of the type, lower case: `varchar`, `decimal`.
    package let sourceType: String
    package let type: ColumnType
    /// Digits in all, and digits after the point; for decimals.
    package let precision: Int?
    package let scale: Int?

    package init(name: String, sourceType: String, type: ColumnType, precision: Int? = nil, scale: Int? = nil) {
        self.name = name
        self.sourceType = sourceType
        self.type = type
        self.precision = precision
        self.scale = scale
    }

    /// The type as a person writes it: `decimal(38,10)`.
    package var typeDescription: String {
        guard let precision, let scale else { return sourceType }
        return "\(sourceType)(\(precision),\(scale))"
    }
}

/// The types for loaders, by the names of the connector that this program replaces.
package enum ColumnType: String, Sendable, CaseIterable {
    case string = "STRING"
    case boolean = "BOOLEAN"
    case short = "SHORT"
    case int = "INT"
    case long = "LONG"
    case float = "FLOAT"
    case double = "DOUBLE"
    case decimal = "DECIMAL"
    case naiveDate = "NAIVE_DATE"
    case naiveDateTime = "NAIVE_DATETIME"
    case utcDateTime = "UTC_DATETIME"
    case binary = "BINARY"
    case json = "JSON"
}

/// The columns of a result for an export: names that files can carry and a key that identifies rows.
package struct ResultSchema: Sendable, Equatable {
    package let columns: [Column]
    package let primaryKey: [String]
    /// Where in a row the key's columns stand, in the key's order.
    package let keyIndices: [Int]

    /// - Throws: ``ExportError/schema(_:)`` for no columns, a repeated or unusable name, or a missing key.
    package init(columns: [Column], primaryKey: [String]) throws(ExportError) {
        guard !columns.isEmpty else {
            throw .schema("the result has no columns, so there is nothing to export; give a query that returns rows")
        }
        var seen: [String: String] = [:]
        for column in columns {
            let folded = column.name.lowercased()
            if column.name.isEmpty {
                throw .schema("a column has no name; give it one with AS in the query, which then has to run again")
            }
            if folded == "batch" {
                throw .schema(
                    "a column is called \(column.name.prefix(100)), which is the name of the partition directories; "
                        + "rename it with AS in the query, which then has to run again")
            }
            if column.name.utf8.contains(0) {
                throw .schema(
                    "a column name contains U+0000; rename it with AS in the query, which then has to run again")
            }
            if let other = seen.updateValue(column.name, forKey: folded) {
                throw .schema(
                    "two columns are called \(other.prefix(100)) and \(column.name.prefix(100)) (case does not count); "
                        + "rename one with AS in the query, which then has to run again")
            }
        }
        var indices: [Int] = []
        for key in primaryKey {
            guard let index = columns.firstIndex(where: { $0.name == key }) else {
                throw .options(
                    "the key column \(key.prefix(100)) is not in the result, whose columns are "
                        + "\(Self.listed(columns)); name the key with --key, or with primary_key in the configuration")
            }
            indices.append(index)
        }
        self.columns = columns
        self.primaryKey = primaryKey
        keyIndices = indices
    }

    /// The first names, for a message that has other facts too.
    private static func listed(_ columns: [Column]) -> String {
        let shown = columns.prefix(20).map { String($0.name.prefix(50)) }.joined(separator: ", ")
        return columns.count > 20 ? "\(shown) and \(columns.count - 20) more" : shown
    }
}
