package import BatchExport
import JSON
import Text
import Threading

/// A column as GetQueryResults describes it.
package struct ColumnInfo: Sendable, Equatable {
    let name: String
    /// Lower case, without parameters: `varchar`, `timestamp with time zone`.
    let type: String
    let precision: Int?
    let scale: Int?

    static func list(in text: Span<UInt8>, range: Range<Int>) throws(JSONError) -> [ColumnInfo] {
        let metadata = JSONField(try JSONValue(in: text, range: range), path: "ResultSet.ResultSetMetadata")
        guard metadata.value != .null, let list = try metadata.optionalMember("ColumnInfo") else { return [] }
        var columns: [ColumnInfo] = []
        for field in try list.elements() {
            let type = try field.member("Type").string().lowercased()
            // Only decimals have digits to count; these members of other types are ignored.
            let minimum = type == "decimal" ? 0 : Int.min
            columns.append(
                ColumnInfo(
                    name: try field.member("Name").string(), type: type,
                    precision: try field.optionalMember("Precision")?.integer(atLeast: minimum),
                    scale: try field.optionalMember("Scale")?.integer(atLeast: minimum)))
        }
        return columns
    }

    package var column: Column {
        let isDecimal = type == "decimal"
        return Column(
            name: name, sourceType: type, type: loadType, precision: isDecimal ? precision : nil,
            scale: isDecimal ? scale : nil)
    }

    /// The loader's type. Arrays, maps, rows and unknown types are text: what Athena prints of them cannot be parsed
    /// again.
    private var loadType: ColumnType {
        switch type {
        case "boolean": .boolean
        case "tinyint", "smallint": .short
        case "integer", "int": .int
        case "bigint": .long
        case "float", "real": .float
        case "double": .double
        case "decimal": .decimal
        case "date": .naiveDate
        case "timestamp": .naiveDateTime
        case "timestamp with time zone": .utcDateTime
        case "varbinary", "binary": .binary
        case "json": .json
        default: .string
        }
    }
}

/// The columns of the previous page. Every page of a result repeats them byte for byte, so they are parsed once.
package final class KnownColumns: Sendable {
    private let last = Locked<(text: [UInt8], columns: [ColumnInfo])>((text: [], columns: []))

    package init() {}

    /// The columns in a range of a text.
    func list(in text: Span<UInt8>, range: Range<Int>) throws(JSONError) -> [ColumnInfo] {
        let known = last.withLock { $0 }
        if text.isEqual(known.text.span, in: range) { return known.columns }
        let columns = try ColumnInfo.list(in: text, range: range)
        var copy: [UInt8] = []
        copy.append(copying: text, in: range)
        last.withLock { $0 = (copy, columns) }
        return columns
    }
}
