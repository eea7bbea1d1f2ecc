import Clock
import JSON

extension JSONError: CredentialAnswerFault {}

extension Credentials {
    /// The names that the members of an answer have.
    struct MemberNames {
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String

        /// The names of containers and instances.
        static let metadata = MemberNames(
            accessKeyID: "AccessKeyId", secretAccessKey: "SecretAccessKey", sessionToken: "Token")
        /// The names of STS and of processes.
        static let sts = MemberNames(
            accessKeyID: "AccessKeyId", secretAccessKey: "SecretAccessKey", sessionToken: "SessionToken")
        static let sso = MemberNames(
            accessKeyID: "accessKeyId", secretAccessKey: "secretAccessKey", sessionToken: "sessionToken")
    }

    /// Reads credentials out of a JSON object.
    ///
    /// - Throws: `JSONError` or ``CredentialsFault``; neither quotes a value.
    init(_ object: JSONField, names: MemberNames = .sts, expiration: Timestamp?) throws {
        try self.init(
            checking: object.member(names.accessKeyID).string(),
            secretAccessKey: object.member(names.secretAccessKey).string(),
            sessionToken: object.optionalMember(names.sessionToken)?.string(), expiration: expiration)
    }
}

extension JSONField {
    /// The moment in a member, written in ISO 8601; nil if it is absent or `null`.
    func timestamp(_ name: String) throws -> Timestamp? {
        guard let field = try optionalMember(name) else { return nil }
        guard let timestamp = Timestamp(iso8601: try field.string()) else {
            throw field.mismatch("a time such as 2026-11-23T01:02:03Z")
        }
        return timestamp
    }
}
