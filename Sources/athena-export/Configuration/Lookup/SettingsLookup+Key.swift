import Athena
import BatchExport

// MARK: - What rows do to the table

extension SettingsLookup {
    /// The columns of the key; none for rows that are appended.
    func primaryKey() throws(ConfigurationError) -> [String] {
        let setting: Setting<[String]>?
        if options.key.isEmpty {
            setting = try file?.strings(.primaryKey)
        } else {
            setting = self.setting(options.key, .primaryKey)
        }
        guard try writeMode() == .upsert else {
            guard let setting else { return [] }
            throw setting.origin.error(
                "rows are appended, for which there is no key; leave it out, or leave out --write-mode append")
        }
        guard let setting else { return ["customer_id"] }
        guard !setting.value.isEmpty, !setting.value.contains("") else {
            throw setting.origin.error(
                "the key needs at least one column, and every column a name; a result without a key is exported with "
                    + "--write-mode append")
        }
        guard Set(setting.value).count == setting.value.count else {
            throw setting.origin.error("a column stands twice; name each once")
        }
        return setting.value
    }

    func writeMode() throws(ConfigurationError) -> WriteMode {
        try choice(.writeMode, options.writeMode) ?? .upsert
    }

    func onSchemaChange() throws(ConfigurationError) -> SchemaChangePolicy? {
        try choice(.onSchemaChange, options.onSchemaChange)
    }

    /// Whether a key, or that there is none, was said.
    var saysKey: Bool {
        get throws(ConfigurationError) {
            if try writeMode() == .append || !options.key.isEmpty { return true }
            return try file?.strings(.primaryKey) != nil
        }
    }

    /// - Throws: for appended rows, because no run of them supersedes another.
    func prunedRuns() throws(ConfigurationError) -> Int? {
        let count = try bounded(.pruneRuns, options.pruneRuns, 1...1_000_000)
        guard count != nil, try writeMode() == .append else { return count }
        throw try origin(of: .pruneRuns, isTyped: options.pruneRuns != nil).error(
            "rows are appended, so no run takes the place of another; leave it out, or leave out --write-mode append")
    }
}
