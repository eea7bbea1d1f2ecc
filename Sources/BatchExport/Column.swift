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

    /// - Parameter primaryKey: in any spelling that Unicode takes for the same; the schema has that of the columns.
    /// - Throws: ``ExportError/schema(_:)`` for no columns, a repeated or unusable name; ``ExportError/options(_:)`` for a
    ///   missing key.
    package init(columns: [Column], primaryKey: [String]) throws(ExportError) {
        if let fault = SchemaFault(columns, primaryKey: primaryKey) { throw fault.error }
        self.columns = columns
        keyIndices = primaryKey.compactMap { key in columns.firstIndex { $0.name == key } }
        self.primaryKey = keyIndices.map { columns[$0].name }
    }
}
