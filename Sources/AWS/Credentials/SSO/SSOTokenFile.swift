import Clock
import Digest
import Files
import JSON
import SystemPackage

/// The token that `aws sso login` left in a file, and that other tools renew there.
struct SSOTokenFile {
    let path: FilePath

    private static let maximumBytes = 1 << 20

    /// `~/.aws/sso/cache/<hash>.json`: the hash is that of the session's name, or of the start URL if there is no
    /// session.
    init(_ configuration: SSOConfiguration, _ environment: AWSEnvironment) {
        let hash = SHA1.hex(configuration.session ?? configuration.startURL)
        path = FilePath(environment["HOME"] ?? "~").appending(".aws/sso/cache/\(hash).json")
    }

    /// - Returns: nil if there is no token file.
    /// - Throws: `BoundedFile.Failure`, `JSONError`.
    func read() throws -> SSOToken? {
        do {
            let bytes = try BoundedFile.read(path, limit: Self.maximumBytes).bytes
            return try SSOToken(JSONValue(parsing: bytes))
        } catch BoundedFile.Failure.missing {
            return nil
        }
    }

    /// Replaces the file. If a link is in its place, the file behind the link is replaced, since other tools read it
    /// there.
    ///
    /// - Throws: `FileError`.
    func write(_ token: SSOToken) throws(FileError) {
        // With a temporary name of its own, since another process may renew the same token.
        let file = try ReplacedFile(path.resolved ?? path, permissions: .ownerReadWrite)
        try file.append(token.document.serialized(pretty: false))
        try file.commit()
    }
}

/// A signed-in user's token, and what renews it.
struct SSOToken {
    /// Other members of the file are kept.
    private(set) var document: JSONValue
    private(set) var accessToken: String
    private(set) var expiration: Timestamp

    /// The data for a renewal.
    struct Renewal {
        let refreshToken: String
        let clientID: String
        let clientSecret: String
        let registrationExpiration: Timestamp
    }

    init(_ document: JSONValue) throws {
        let field = JSONField(document)
        self.document = document
        accessToken = try field.member("accessToken").string()
        expiration = try Self.moment(field.member("expiresAt"))
    }

    /// Nil in files of the older form, and where the identity center gives no refresh token.
    var renewal: Renewal? {
        let field = JSONField(document)
        guard let refreshToken = try? field.member("refreshToken").string(),
            let clientID = try? field.member("clientId").string(),
            let clientSecret = try? field.member("clientSecret").string(),
            let expiration = try? Self.moment(field.member("registrationExpiresAt"))
        else { return nil }
        return Renewal(
            refreshToken: refreshToken, clientID: clientID, clientSecret: clientSecret,
            registrationExpiration: expiration)
    }

    /// - Parameter refreshToken: nil if the current one stays.
    mutating func renew(accessToken: String, expiration: Timestamp, refreshToken: String?) {
        self.accessToken = accessToken
        self.expiration = expiration
        guard case .object(var object) = document else { return }
        object["accessToken"] = .string(accessToken)
        object["expiresAt"] = .string("\(expiration.iso8601.prefix(19))Z")
        if let refreshToken { object["refreshToken"] = .string(refreshToken) }
        document = .object(object)
    }

    /// Some old tools wrote `UTC` in the place of `Z`.
    private static func moment(_ field: JSONField) throws -> Timestamp {
        var text = try field.string()
        if text.hasSuffix("UTC") { text = "\(text.dropLast(3))Z" }
        guard let moment = Timestamp(iso8601: text) else { throw field.mismatch("a time such as 2026-11-23T01:02:03Z") }
        return moment
    }
}
