import JSON

/// Several tables in one file: `tables` is an array of objects, and the keys beside it are defaults for all.
extension ConfigurationFile {
    /// The file as each of its tables reads it, in its order; nil if it is for one table alone.
    ///
    /// - Parameter root: the whole file.
    func readTables(_ root: JSONField) -> [ConfigurationFile]? {
        guard case .array(let elements)? = root[.tables]?.value else { return nil }
        return elements.indices.map { index in
            forTable(JSONField(elements[index], path: "\(ConfigurationKey.tables.rawValue)[\(index)]"))
        }
    }

    /// What is wrong with `tables` whatever its keys are for.
    ///
    /// - Parameter root: the whole file.
    func mistakesOfTables(_ root: JSONField) -> [ConfigurationError] {
        guard let field = root[.tables] else { return [] }
        guard case .array(let elements) = field.value, !elements.isEmpty else {
            let found = if case .array = field.value { "an empty array" } else { field.value.kind }
            return [error(at: field.path, Self.expectation(found: found))]
        }
        var mistakes: [ConfigurationError] = []
        if let table = root[.table] {
            mistakes.append(error(at: table.path, "each of the tables has a name of its own; remove this one"))
        }
        var names: Set<String> = []
        for (index, element) in elements.enumerated() {
            let entry = JSONField(element, path: "\(field.path)[\(index)]")
            guard case .object(let object) = element else {
                mistakes.append(error(at: entry.path, Self.expectation(found: element.kind)))
                continue
            }
            let table = forTable(entry)
            for (name, _) in object.members {
                do throws(ConfigurationError) { try table.checkKey(name, of: entry) } catch { mistakes.append(error) }
            }
            mistakes += mistakeOfName(entry, &names)
        }
        return mistakes
    }

    private func mistakeOfName(_ entry: JSONField, _ names: inout Set<String>) -> [ConfigurationError] {
        guard let field = entry[.table] else {
            return [error(at: entry.path, "a table has no name; give it \"table\"")]
        }
        guard case .string(let name) = field.value, !names.insert(name).inserted else { return [] }
        return [
            error(at: field.path, "the table stands twice, and two exports cannot share a directory; rename one")
        ]
    }

    private func checkKey(_ name: String, of entry: JSONField) throws(ConfigurationError) {
        guard let key = ConfigurationKey(rawValue: name), key.isShared else { return try check(name, of: entry) }
        throw error(at: "\(entry.path).\(name)", "the key is the same for all tables; set it beside tables")
    }

    private static func expectation(found: String) -> String {
        "expected an array of objects such as [{\"table\": \"orders\", \"query\": \"SELECT …\"}], found \(found)"
    }
}

extension JSONField {
    /// The value of a key; nil if this is no object, or one without the key.
    subscript(key: ConfigurationKey) -> JSONField? { (try? optionalMember(key.rawValue)) ?? nil }
}

extension ConfigurationKey {
    /// Whether all tables of a file have one value of it: it is of the command, of AWS, or of what is printed.
    var isShared: Bool {
        switch self {
        case .accessKeyID, .secretAccessKey, .sessionToken, .region, .profile, .endpointURL, .maxAttempts, .output,
            .jobs, .tables, .parallel, .progress, .logLevel, .logFormat, .summary, .metricsFile:
            true
        default: false
        }
    }
}
