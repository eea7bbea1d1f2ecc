package import Clock
import Text

/// AWS credentials: what requests are signed with.
///
/// However a value is printed, dumped or interpolated, it shows no key and no token.
package struct Credentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Comes with temporary credentials and must be sent with them.
    package let sessionToken: String?
    /// Expiry; nil if the credentials are static or the expiry is unknown.
    package let expiration: Timestamp?

    /// Takes the values as they are; providers take them through ``init(checking:secretAccessKey:sessionToken:expiration:)``.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// Takes the values if they can stand in a header. A line break would begin a header of its own, and a blank is a
    /// copying mistake.
    ///
    /// An empty session token counts as none: programs print one beside keys that need none.
    package init(
        checking accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
        expiration: Timestamp? = nil
    ) throws(CredentialsFault) {
        try Self.check(accessKeyID, "access key ID", separators: "/,=")
        try Self.check(secretAccessKey, "secret access key")
        let sessionToken = sessionToken?.isEmpty == true ? nil : sessionToken
        if let sessionToken { try Self.check(sessionToken, "session token") }
        self.init(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken,
            expiration: expiration)
    }

    private static func check(
        _ value: String, _ part: String, separators: String = ""
    ) throws(CredentialsFault) {
        guard !value.isEmpty else { throw CredentialsFault("the \(part) is empty") }
        // A value from < to > is a placeholder that was not filled in.
        if value.hasPrefix("<") && value.hasSuffix(">") {
            throw CredentialsFault("the \(part) is still a placeholder")
        }
        guard value.utf8.allSatisfy({ $0.isVisibleASCII && !separators.utf8.contains($0) }) else {
            throw CredentialsFault("the \(part) contains a blank, a line break or another character that no key has")
        }
    }
}

/// The defect of a set of keys. Its text contains none of them.
package struct CredentialsFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Credentials([redacted]\(expiration.map { ", expiring \($0.iso8601)" } ?? ""))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)](), displayStyle: .struct) }
}
