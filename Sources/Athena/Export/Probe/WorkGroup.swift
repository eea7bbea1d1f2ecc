import JSON

/// A work group, as far as a run depends on it (API reference, WorkGroupConfiguration).
package struct WorkGroup: Sendable, Equatable {
    package let name: String
    package let isEnabled: Bool
    /// Where results go unless a query says otherwise.
    package let outputLocation: String?
    /// Whether its settings take the place of those that a query brings.
    package let isEnforced: Bool
    /// Athena keeps the results itself; they are no objects of a bucket.
    package let hasManagedResults: Bool
    /// Bytes after which a query is cancelled.
    package let scanLimit: Int?
    package let engineVersion: String?

    /// Reads the body of an answer.
    init(parsing body: [UInt8]) throws(JSONError) {
        let group = try JSONField(try JSONValue(parsing: body)).member("WorkGroup")
        let configuration = try group.optionalMember("Configuration")
        name = try group.member("Name").string()
        isEnabled = try group.optionalMember("State")?.string() != "DISABLED"
        outputLocation = try configuration?.optionalMember("ResultConfiguration")?.optionalMember("OutputLocation")?
            .string()
        isEnforced = try configuration?.optionalMember("EnforceWorkGroupConfiguration")?.bool() ?? false
        hasManagedResults =
            try configuration?.optionalMember("ManagedQueryResultsConfiguration")?.optionalMember("Enabled")?.bool()
            ?? false
        scanLimit = try configuration?.optionalMember("BytesScannedCutoffPerQuery")?.integer(atLeast: 0)
        let engine = try configuration?.optionalMember("EngineVersion")
        let effective = try engine?.optionalMember("EffectiveEngineVersion")?.string()
        let selected = try engine?.optionalMember("SelectedEngineVersion")?.string()
        engineVersion = effective ?? selected
    }
}
