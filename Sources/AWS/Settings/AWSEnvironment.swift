/// Environment variables as AWS tools read them: an empty variable counts as not set.
package struct AWSEnvironment: Sendable {
    /// As they are, for child processes.
    let variables: [String: String]

    package init(_ variables: [String: String]) {
        self.variables = variables
    }

    /// The value of a variable; nil if it is not set or empty.
    package subscript(name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// A variable that is true or false.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` if it is neither `true` nor `false`.
    func flag(_ name: String) throws(AWSError) -> Bool? {
        try self[name].map { (text) throws(AWSError) in try AWSSettings.flag(text, source: "environment", key: name) }
    }
}
