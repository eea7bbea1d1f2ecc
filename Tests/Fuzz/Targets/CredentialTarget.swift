import Clock
import JSON

@testable import AWS

extension FuzzTarget {
    /// The answers of containers, instances, processes and SSO, and the SSO token file.
    static let credentials = FuzzTarget("credentials") { input in
        guard let document = try? JSONValue(parsing: input) else { return }
        let answer = JSONField(document)
        for names in [Credentials.MemberNames.metadata, .sts, .sso] {
            let body = (try? answer.optionalMember("roleCredentials")) ?? answer
            do {
                let expiration = try body.timestamp("Expiration")
                let found = try Credentials(body, names: names, expiration: expiration)
                for value in [found.accessKeyID, found.secretAccessKey, found.sessionToken ?? "-"] {
                    try promise(!value.isEmpty, "no credential is empty")
                    try promise(value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "a credential can stand in a header")
                }
            } catch let fault as any CredentialAnswerFault {
                let secrets = [names.accessKeyID, names.secretAccessKey, names.sessionToken].compactMap {
                    try? body.member($0).string()
                }
                // As long as keys are, and neither a word of a message nor the time in one.
                for secret in secrets
                where secret.utf8.count >= 12 && !secret.contains(" ") && secret.contains(where: \.isNumber)
                    && !"2026-11-23T01:02:03Z".contains(secret)
                {
                    try promise(!"\(fault)".contains(secret), "an error shows no secret")
                }
            }
        }
        guard var token = try? SSOToken(document) else { return }
        let time = Timestamp(seconds: 1_800_000_000)
        token.renew(accessToken: "fresh", expiration: try required(time), refreshToken: nil)
        let read = try SSOToken(JSONValue(parsing: token.document.serialized(pretty: false)))
        try promise(read.accessToken == "fresh" && read.expiration == time, "a renewed token reads back")
        try promise(read.document == token.document, "and whatever else is in its file")
    }

    private static func required<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw BrokenPromise(description: "a time in 2027 is a time") }
        return value
    }
}
