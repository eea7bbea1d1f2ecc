import AWS
import BatchExport
import JSON
import Text

/// What a run has sent in the place of its query: the query inside of another statement, and what must be known to read the
/// result as the query's own. It is in the run's state before it is sent.
struct SentQuery: Sendable, Equatable {
    /// The full text. A start whose answer was lost is repeated with this text, whatever a newer version would make of the
    /// query: with another one Athena would refuse the token.
    let statement: String
    let parameters: [String]
    /// As the query's own result has them.
    let columns: [Column]
    /// Nil for a SELECT, whose result Athena keeps as any other.
    var unload: Unload?

    struct Unload: Sendable, Equatable {
        /// `s3://bucket/prefix/`, for one start of the query.
        let target: String
        /// Which start of the run this is, from 1.
        let start: Int
        /// The targets of starts that were given up, each as ``target``. The objects below them are removed with the ones that
        /// were read.
        var left: [String] = []
        /// Nil before the query has succeeded.
        var rows: Rows?

        /// Whether the target is that of a start with this token. Only starts with this token write below it.
        func isTarget(of token: String) -> Bool { target.hasSuffix("/\(Self.name(start, token))/") }

        private static func name(_ start: Int, _ token: String) -> String { "\(start)-\(token.prefix(8))" }

        /// Whether a place has the name of a start.
        static func isTarget(_ url: String) -> Bool { url.wholeMatch(of: /s3:.*\/[0-9]+-[0-9a-f]{8}\//) != nil }
    }

    /// What the query has written.
    struct Rows: Sendable, Equatable {
        let objects: [UnloadedObject]
        /// As Athena counts them; nil if it does not.
        let count: Int?
        /// The objects were removed, or are to stay.
        var isSettled = false
    }

    /// The columns of the exported files.
    var exportedColumns: [Column] { columns.map(\.withNestedJSON) }

    /// How the statement selects them. Types without an exact text stand as they are in a SELECT; UNLOAD has none.
    var forms: [ColumnForm] { columns.map { ColumnForm(sourceType: $0.sourceType) ?? .text } }
}

extension SentQuery {
    /// A query that is sent inside of a SELECT.
    init(selecting statement: InnerStatement, columns: [Column], parameters: [String]) {
        let forms = columns.map { ColumnForm(sourceType: $0.sourceType) ?? .text }
        self.init(
            statement: OuterSelect(around: statement, forms: forms).text, parameters: parameters, columns: columns)
    }

    /// A query that is sent inside of an UNLOAD.
    ///
    /// - Throws: ``UnloadError/unsupportedColumn(name:type:)``.
    init(
        unloading statement: InnerStatement, columns: [Column], parameters: [String], to unload: Unload
    ) throws(UnloadError) {
        var forms: [ColumnForm] = []
        for column in columns {
            guard let form = ColumnForm(sourceType: column.sourceType) else {
                throw .unsupportedColumn(name: column.name, type: column.sourceType)
            }
            forms.append(form)
        }
        self.init(
            statement: UnloadStatement(of: statement, forms: forms, target: unload.target).text,
            parameters: parameters, columns: columns, unload: unload)
    }

    /// The same query for another start of the run, whose target is its own; nil for a SELECT.
    func unloading(toTargetOf token: String) -> SentQuery? {
        guard let unload, let statement = UnloadStatement.parts(of: statement)?.statement else { return nil }
        return try? SentQuery(
            unloading: statement, columns: columns, parameters: parameters, to: unload.next(for: token))
    }
}

extension SentQuery.Unload {
    /// The target of a run's first start.
    ///
    /// - Parameters:
    ///   - parent: `s3://bucket/prefix/`.
    ///   - token: of the start.
    static func first(below parent: String, table: String, runID: String, token: String) -> Self {
        // No percent sign: whether the list of objects would have it as it stands is not documented.
        let run = runID.utf8.map { byte -> Character in
            let isPlain = byte.isASCIIAlphanumeric || "._-".utf8.contains(byte)
            return isPlain ? Character(Unicode.Scalar(byte)) : "-"
        }
        // No name in a place of S3 is one or two dots.
        let name = run.allSatisfy { $0 == "." } ? String(repeating: "-", count: run.count) : String(run)
        return Self(target: "\(parent)\(table)/\(name)/\(Self.name(1, token))/", start: 1)
    }

    /// In bytes. It leaves room for the numbers of further starts, and for the names of objects.
    static let longestTarget = 680

    fileprivate func next(for token: String) -> Self {
        let parent = target.dropLast().prefix(through: target.dropLast().lastIndex(of: "/") ?? target.startIndex)
        return Self(target: "\(parent)\(Self.name(start + 1, token))/", start: start + 1, left: left + [target])
    }
}

extension AthenaQuery {
    /// The same query inside of what is sent in its place; the query itself for nil.
    func sent(as sent: SentQuery?) -> AthenaQuery {
        guard let sent else { return self }
        var query = self
        query.statement = sent.statement
        query.parameters = sent.parameters
        // Only a SELECT has a result that can be taken again.
        if sent.unload != nil { query.reusedResultMinutes = nil }
        return query
    }
}

// MARK: - In the state

extension SentQuery {
    var json: JSONValue {
        var object: JSONObject = [
            "statement": .string(statement), "parameters": .array(parameters.map { .string($0) }),
            "columns": .array(columns.map(\.json)),
        ]
        object["unload"] = unload?.json
        return .object(object)
    }

    init(_ field: JSONField) throws(JSONError) {
        var columns: [Column] = []
        for element in try field.member("columns").elements() { columns.append(try Column(element)) }
        self.init(
            statement: try field.member("statement").string(), parameters: try field.member("parameters").strings(),
            columns: columns,
            unload: try field.optionalMember("unload").map { (field) throws(JSONError) in try Unload(field) })
    }
}

extension SentQuery.Unload {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["target": .string(target), "start": .integer(start)]
        if !left.isEmpty { object["left"] = .array(left.map { .string($0) }) }
        if let rows {
            object["objects"] = .array(rows.objects.map(\.json))
            object["rows"] = rows.count.map { .integer($0) }
            object["settled"] = .bool(rows.isSettled)
        }
        return .object(object)
    }

    fileprivate init(_ field: JSONField) throws(JSONError) {
        let target = try field.member("target")
        guard let bucket = try S3Prefix(target.string())?.bucket else { throw target.mismatch("a place in S3") }
        var rows: SentQuery.Rows?
        if let list = try field.optionalMember("objects") {
            var objects: [UnloadedObject] = []
            for element in try list.elements() { objects.append(try UnloadedObject(element, bucket: bucket)) }
            rows = SentQuery.Rows(
                objects: objects, count: try field.optionalMember("rows")?.integer(atLeast: 0),
                isSettled: try field.member("settled").bool())
        }
        var left: [String] = []
        for element in try field.optionalMember("left")?.elements() ?? [] {
            let text = try element.string()
            // Everything below it will be removed.
            guard S3Prefix(text) != nil, Self.isTarget(text) else { throw element.mismatch("the target of an UNLOAD") }
            left.append(text)
        }
        self.init(
            target: try target.string(), start: try field.member("start").count(atLeast: 1), left: left, rows: rows)
    }
}

extension Column {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "athena_type": .string(sourceType), "type": .string(type.rawValue),
        ]
        object["precision"] = precision.map { .integer($0) }
        object["scale"] = scale.map { .integer($0) }
        return .object(object)
    }

    fileprivate init(_ field: JSONField) throws(JSONError) {
        let type = try field.member("type")
        guard let known = ColumnType(rawValue: try type.string()) else { throw type.mismatch("the name of a type") }
        self.init(
            name: try field.member("name").string(), sourceType: try field.member("athena_type").string(),
            type: known, precision: try field.optionalMember("precision")?.integer(atLeast: 0),
            scale: try field.optionalMember("scale")?.integer(atLeast: 0))
    }
}
