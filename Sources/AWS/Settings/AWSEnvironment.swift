/// Environment variables as AWS tools read them: one that is set to nothing is not set.
public struct AWSEnvironment: Sendable {
    /// As they are, for programs that are run.
    let variables: [String: String]

    public init(_ variables: [String: String]) {
        self.variables = variables
    }

    /// The value of a variable; nil if it is not set, or set to nothing.
    public subscript(name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// A variable that turns something on.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` if it is neither `true` nor `false`.
    func flag(_ name: String) throws(AWSError) -> Bool? {
        try self[name].map { (text) throws(AWSError) in try AWSSettings.flag(text, source: "environment", key: name) }
    }
}
