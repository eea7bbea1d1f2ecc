import Gzip
import JSON

/// What an Athena does with the statements that are sent around a query: it gives a result without rows, selects the rows
/// by the expressions of the outer SELECT, or unloads them to a ``FakeS3``.
///
/// It takes the statements apart by their text and knows nothing of what made them, so an expression that is not one of
/// the design's ends the query.
package final class FakeUnload: Sendable {
    /// How the lines are spelled: as the Hive library would, or as Trino's own writer.
    package enum Writer: Sendable, CaseIterable {
        case hive, trino
    }

    private let result: FakeResult
    private let s3: FakeS3
    private let settings: Settings

    package struct Settings: Sendable {
        package var writer = Writer.trino
        package var objects = 3
        /// Behind the name of an object.
        package var suffix = ".gz"
        package var isCompressed = true
        /// Gzip members of an object.
        package var members = 1
        /// Changes a line before it is written; the row counts from 0.
        package var changeLine: @Sendable (_ row: Int, _ line: inout [UInt8]) -> Void = { _, _ in }
        /// Changes an object before it is stored; it counts from 0 in the order of the keys.
        package var changeObject: @Sendable (_ object: Int, _ bytes: inout [UInt8]) -> Void = { _, _ in }
        /// Changes the lines of the manifest.
        package var changeManifest: @Sendable (inout [String]) -> Void = { _ in }
        /// Whether the manifest lies in S3, and whether GetQueryResults gives it.
        package var hasManifestObject = true
        package var answersDataManifest = true
        /// What the service counts, given the number of rows.
        package var updateCount: @Sendable (Int) -> Int? = { $0 }
        /// The JSON of a nested value; row and column count from 0.
        package var json: @Sendable (_ row: Int, _ column: Int) -> String? = { row, _ in "{\"a\":\(row)}" }

        package init() {}
    }

    package init(_ result: FakeResult, s3: FakeS3, settings: Settings = Settings()) {
        self.result = result
        self.s3 = s3
        self.settings = settings
    }

    /// An Athena that runs such statements, and gives the plain result to any other.
    package func athena(script: @escaping FaultScript = { _ in nil }) -> FakeAthena {
        FakeAthena(
            result: result, s3: s3, script: script,
            evaluate: { [self] request in try await evaluate(try request.member("QueryString").string()) })
    }

    /// The result of a statement.
    package func evaluate(_ statement: String) async throws -> FakeResult {
        var evaluated = result
        evaluated.query = statement
        if statement.hasPrefix("SELECT * FROM (\n"), statement.hasSuffix("\n) LIMIT 0") {
            evaluated.rowCount = 0
        } else if let unload = Statement(unloading: statement) {
            try await self.unload(unload, &evaluated)
        } else if let select = Statement(selecting: statement) {
            let names = result.columns.indices.map { FakeUnload.name($0) }
            evaluated.columns = zip(names, zip(result.columns, select.expressions)).map { name, column in
                (name, column.1.hasPrefix("\"") ? column.0.type : "varchar")
            }
            evaluated.row = { [self] row in
                select.expressions.indices.map { self.text(row, $0, select.expressions[$0]) }
            }
            s3.put(evaluated.csv, at: FakeS3.location)
        } else if !statement.hasPrefix("SELECT * FROM test_rows") {
            evaluated.fail("SYNTAX_ERROR: the statement is none that is known")
        }
        return evaluated
    }

    private func unload(_ statement: Statement, _ evaluated: inout FakeResult) async throws {
        evaluated.columns = [("rows", "bigint")]
        evaluated.hasHeaderRow = false
        evaluated.substatementType = "UNLOAD"
        evaluated.rowCount = 0
        guard let target = statement.target, s3.objects(below: target).isEmpty else {
            evaluated.fail("HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists")
            return
        }
        guard statement.expressions.indices.allSatisfy({ isKnown(statement.expressions[$0], column: $0) }) else {
            evaluated.fail("NOT_SUPPORTED: Unsupported Hive type")
            return
        }
        var lines: [String] = []
        for object in 0..<settings.objects {
            let rows = object * result.rowCount / settings.objects..<(object + 1) * result.rowCount / settings.objects
            if rows.isEmpty { continue }
            let place = "\(target)20260101_000000_00000_\(Self.name(object))\(settings.suffix)"
            s3.put(try await content(of: object, rows, statement.expressions), at: place)
            lines.insert(place, at: 0)
        }
        settings.changeManifest(&lines)
        evaluated.updateCount = settings.updateCount(result.rowCount)
        if settings.answersDataManifest { evaluated.dataManifest = lines }
        let manifest = "s3://results/exports/\(target.dropFirst(5).replacing("/", with: "-"))manifest.csv"
        evaluated.dataManifestLocation = manifest
        if settings.hasManifestObject { s3.put(Array(lines.map { "\($0)\n" }.joined().utf8), at: manifest) }
    }

    private func content(of object: Int, _ rows: Range<Int>, _ expressions: [String]) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        let compressor = ChunkCompressor(level: 1, workers: 1)
        for member in 0..<settings.members {
            let part = rows.count * member / settings.members..<rows.count * (member + 1) / settings.members
            let text = part.flatMap { line(rows.lowerBound + $0, expressions) }
            guard settings.isCompressed else {
                bytes += text
                continue
            }
            bytes += try await GzipMember(compressing: [text], with: compressor).pieces.flatMap { $0 }
        }
        settings.changeObject(object, &bytes)
        return bytes
    }
}

// MARK: - Values

extension FakeUnload {
    static func name(_ column: Int) -> String { "c" + String(String(column + 10_000).dropFirst()) }

    private func line(_ row: Int, _ expressions: [String]) -> [UInt8] {
        var line: [UInt8] = Array("{".utf8)
        for (column, expression) in expressions.enumerated() {
            line += Array("\(column > 0 ? "," : "")\"\(Self.name(column))\":".utf8)
            guard let value = text(row, column, expression) else {
                line += Array("null".utf8)
                continue
            }
            let isBare =
                expression.hasPrefix("\"") && Self.bareTypes.contains(result.columns[column].type)
                && (settings.writer == .hive || !["NaN", "Infinity", "-Infinity"].contains(value))
            if isBare { line += Array(value.utf8) } else { appendString(value, to: &line) }
        }
        line += Array("}\n".utf8)
        settings.changeLine(row, &line)
        return line
    }

    private static let bareTypes: Set<String> = [
        "boolean", "tinyint", "smallint", "integer", "bigint", "float", "double",
    ]

    /// What an expression gives, as text.
    private func text(_ row: Int, _ column: Int, _ expression: String) -> String? {
        let value = result.row(row)[column]
        let name = "\"\(Self.name(column))\""
        switch expression {
        case "json_format(CAST(\(name) AS JSON))": return value == nil ? nil : settings.json(row, column)
        case "to_hex(\(name))": return value.map { $0.filter { $0 != " " }.uppercased() }
        case "CAST(NULL AS varchar)": return nil
        default: return value
        }
    }

    private func isKnown(_ expression: String, column: Int) -> Bool {
        let name = "\"\(Self.name(column))\""
        switch expression {
        case name: return Self.bareTypes.union(["varchar"]).contains(result.columns[column].type)
        case "CAST(\(name) AS varchar)", "to_hex(\(name))", "json_format(\(name))",
            "json_format(CAST(\(name) AS JSON))", "CAST(NULL AS varchar)":
            return true
        default: return false
        }
    }

    private func appendString(_ value: String, to line: inout [UInt8]) {
        guard settings.writer == .trino else {
            line.appendJSONString(value)
            return
        }
        // Jackson writes characters beyond the first plane as two escapes.
        line.append(0x22)
        for scalar in value.unicodeScalars {
            if scalar.value > 0xffff {
                for unit in UTF16.encode(scalar).map({ Array($0) }) ?? [] {
                    line += Array("\\u\(String(unit, radix: 16, uppercase: true))".utf8)
                }
            } else {
                var text: [UInt8] = []
                text.appendJSONString(String(scalar))
                line += text.dropFirst().dropLast()
            }
        }
        line.append(0x22)
    }
}

/// A statement taken apart.
private struct Statement {
    let expressions: [String]
    let target: String?

    init?(unloading text: String) {
        let beginning = "UNLOAD (\n/* athena-export unload v1 */\n"
        let end = "' WITH (format = 'JSON', compression = 'GZIP')"
        guard text.hasPrefix(beginning), text.hasSuffix(end), let to = text.ranges(of: "\n) TO '").last,
            let select = Statement(selecting: String(text[..<to.lowerBound].dropFirst(beginning.count)))
        else { return nil }
        expressions = select.expressions
        target = String(text[to.upperBound...].dropLast(end.count))
    }

    init?(selecting text: String) {
        guard text.hasPrefix("SELECT "), let from = text.firstRange(of: " FROM (\n"),
            text[from.upperBound...].contains("\n) AS t (\"c0000\"")
        else { return nil }
        var expressions: [String] = []
        for (column, part) in text[..<from.lowerBound].dropFirst(7).split(separator: ", ").enumerated() {
            let suffix = " AS \"\(FakeUnload.name(column))\""
            guard part.hasSuffix(suffix) else { return nil }
            expressions.append(String(part.dropLast(suffix.count)))
        }
        self.expressions = expressions
        target = nil
    }
}

extension FakeResult {
    fileprivate mutating func fail(_ reason: String) {
        states = ["FAILED"]
        stateChangeReason = reason
        athenaError = ["ErrorCategory": .integer(2), "ErrorType": .integer(1200), "Retryable": .bool(false)]
    }
}
