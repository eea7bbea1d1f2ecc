import JSON

/// The rows of a table in the forms in which the service writes them.
struct RenderedRows: Sendable {
    /// An array of strings and nulls, as in `ResultRows`; a comma behind each.
    let plain: RowStrip
    /// An array of objects, as in `Rows`; a comma behind each.
    let datum: RowStrip
    /// Lines of the object in S3.
    let csv: RowStrip
    let csvHeader: [UInt8]
    /// Lines of the objects that an UNLOAD writes.
    let unloaded: RowStrip
    /// The columns, as every page has them twice.
    let columnInfo: [UInt8]

    /// Made once, on first use.
    static func of(_ table: BenchmarkTable) -> RenderedRows {
        switch table {
        case .customers: customers
        case .wide: wide
        }
    }

    private static let customers = RenderedRows(.customers)
    private static let wide = RenderedRows(.wide)

    private init(_ table: BenchmarkTable) {
        plain = RowStrip(of: table, render: Self.appendPlain)
        datum = RowStrip(of: table, render: Self.appendDatum)
        csv = RowStrip(of: table, render: Self.appendCSV)
        unloaded = RowStrip(of: table) { Self.appendUnloaded($0, of: table.columns, to: &$1) }
        var header: [UInt8] = []
        Self.appendCSV(table.columns.map(\.name), to: &header)
        csvHeader = header
        columnInfo = Self.columnInfo(of: table)
    }

    static func appendPlain(_ values: [String?], to body: inout [UInt8]) {
        body.append("{\"Data\":[")
        for (index, value) in values.enumerated() {
            if index > 0 { body.append(",") }
            if let value { body.appendJSONString(value) } else { body.append("null") }
        }
        body.append("]},")
    }

    static func appendDatum(_ values: [String?], to body: inout [UInt8]) {
        body.append("{\"Data\":[")
        for (index, value) in values.enumerated() {
            body.append(index > 0 ? ",{" : "{")
            if let value {
                body.append("\"VarCharValue\":")
                body.appendJSONString(value)
            }
            body.append("}")
        }
        body.append("]},")
    }

    /// Athena's dialect: every value in quotes, NULL is nothing.
    private static func appendCSV(_ values: [String?], to output: inout [UInt8]) {
        for (index, value) in values.enumerated() {
            if index > 0 { output.append(",") }
            guard let value else { continue }
            output.append("\"")
            for byte in value.utf8 {
                if byte == UInt8(ascii: "\"") { output.append(byte) }
                output.append(byte)
            }
            output.append("\"")
        }
        output.append("\n")
    }

    /// JSON as Trino's writer spells it: each column under the name that the outer SELECT gives it, numbers and booleans
    /// bare, and text of everything else.
    private static func appendUnloaded(
        _ values: [String?], of columns: [BenchmarkTable.Column], to output: inout [UInt8]
    ) {
        for (index, value) in values.enumerated() {
            let number = String(index)
            output.append(index > 0 ? "," : "{")
            output.append("\"c\(String(repeating: "0", count: 4 - number.utf8.count))\(number)\":")
            if let value, bareTypes.contains(columns[index].type) {
                output.append(value)
            } else if let value {
                output.appendJSONString(value)
            } else {
                output.append("null")
            }
        }
        output.append("}\n")
    }

    private static let bareTypes: Set<String> = ["boolean", "integer", "bigint", "double"]

    private static func columnInfo(of table: BenchmarkTable) -> [UInt8] {
        JSONValue.array(
            table.columns.map { column in
                [
                    "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": .string(column.name),
                    "Label": .string(column.name), "Type": .string(column.type),
                    "Precision": .integer(column.precision), "Scale": .integer(column.scale), "Nullable": "UNKNOWN",
                    "CaseSensitive": .bool(column.type == "varchar"),
                ]
            }
        ).serialized(pretty: false)
    }
}
