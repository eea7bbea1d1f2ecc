import JSON

/// A `datapackage.json` by the Data Package standard of the Frictionless project, version 1, which is put beside the
/// manifest.
///
/// Each batch is a resource. Its key is unique within it; the standard cannot express that the higher number wins
/// between batches.
struct DataPackageLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        let package: JSONValue = [
            "name": .string(Self.slug(plan.target.table)), "profile": "tabular-data-package",
            "resources": .array(plan.batches.map { resource($0, plan) }),
        ]
        return String(decoding: package.serialized(pretty: true), as: UTF8.self)
    }

    private func resource(_ batch: LoadPlan.Step, _ plan: LoadPlan) -> JSONValue {
        var resource: JSONObject = [
            "name": .string("\(Self.slug(plan.target.table))-\(batch.sequence)"), "path": .string(batch.path),
            "profile": "tabular-data-resource", "format": .string(plan.format.rawValue),
            "mediatype": plan.format == .csv ? "text/csv" : "application/x-ndjson", "compression": "gz",
            "encoding": "utf-8", "bytes": .integer(batch.bytes), "hash": .string("sha256:\(batch.sha256)"),
        ]
        if batch.isDeletes {
            resource["description"] = "Keys to delete, once the resources before this one are applied."
        }
        if plan.format == .csv {
            resource["dialect"] = ["delimiter": ",", "lineTerminator": "\n", "doubleQuote": .bool(true)]
        }
        var schema: JSONObject = ["fields": .array(plan.columns(of: batch).map(Self.field))]
        if plan.writeMode == .upsert { schema["primaryKey"] = .array(plan.primaryKey.map { .string($0) }) }
        schema["missingValues"] = [""]
        resource["schema"] = .object(schema)
        return .object(resource)
    }

    private static func field(_ column: Column) -> JSONValue {
        var field: JSONObject = ["name": .string(column.name), "type": .string(type(column))]
        if column.type == .naiveDateTime { field["format"] = "%Y-%m-%d %H:%M:%S.%f" }
        return .object(field)
    }

    /// Times with zones, hexadecimal bytes and JSON beyond objects have no type in the standard.
    private static func type(_ column: Column) -> String {
        switch column.type {
        case .string, .utcDateTime, .binary: "string"
        case .boolean: "boolean"
        case .short, .int, .long: "integer"
        case .float, .double, .decimal: "number"
        case .naiveDate: "date"
        case .naiveDateTime: "datetime"
        case .json: "any"
        }
    }

    /// A name in the standard's form: lower case, digits, `.`, `_`, `-`.
    private static func slug(_ name: String) -> String {
        String(name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
    }
}
