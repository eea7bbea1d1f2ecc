import HTTPTransport
import JSON
import Text

/// The metadata service of an EC2 instance, version 2, and version 1 where there is no other (botocore, `IMDSFetcher`).
struct InstanceMetadata {
    private let settings: InstanceMetadataSettings
    private let transport: any HTTPTransport

    /// Why there are no credentials here.
    struct Fault: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private static let rolePath = "latest/meta-data/iam/security-credentials/"

    init(_ settings: InstanceMetadataSettings, _ transport: any HTTPTransport) {
        self.settings = settings
        self.transport = transport
    }

    /// The token for the other requests. Nil where the service knows version 1 only, or where its answer may travel one
    /// hop and the program runs in a container, one hop further.
    func token() async throws -> String? {
        let response: HTTPResponse
        do {
            response = try await send("PUT", "latest/api/token", ["x-aws-ec2-metadata-token-ttl-seconds": "21600"])
        } catch let HTTPTransportError.timedOut(_, phase, _) where phase != .connect {
            return try version1("took the request for a token and did not answer it")
        } catch let error as HTTPTransportError {
            throw Fault(Self.explain(error))
        }
        switch response.status {
        case 200:
            let token = String(decoding: response.body, as: UTF8.self)
            guard !token.isEmpty, token.isVisibleASCII else {
                throw Fault("\(host) answered with an invalid token")
            }
            return token
        case 403, 404, 405: return try version1("gave no token (HTTP \(response.status))")
        case let status: throw Fault("\(host) gave no token (HTTP \(status))")
        }
    }

    private func version1(_ reason: String) throws(Fault) -> String? {
        guard settings.allowsVersion1 else { throw Fault("\(host) \(reason), and version 1 is disabled") }
        return nil
    }

    /// The name of the instance's role.
    func role(_ token: String?) async throws -> String {
        let names = try await get(Self.rolePath, token).split(whereSeparator: { $0 <= .space })
        let role = names.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        // The characters of role names in IAM, all of which can stand in a path.
        guard (1...64).contains(role.utf8.count),
            role.utf8.allSatisfy({ $0.isASCIIAlphanumeric || "+=,.@-_".utf8.contains($0) }), role != ".", role != ".."
        else { throw Fault("\(host) answered with an invalid role name") }
        return role
    }

    func credentials(of role: String, _ token: String?) async throws -> Credentials {
        let body = try await get(Self.rolePath + role, token)
        do {
            let document = JSONField(try JSONValue(parsing: body))
            // For a role that does not trust EC2, the answer has a code and no keys.
            if let code = try document.optionalMember("Code")?.string(), code != "Success" {
                throw Fault("\(host) has no credentials for the role \(role): \(code.shown(limit: 100))")
            }
            guard let expiration = try document.timestamp("Expiration") else {
                throw Fault("\(host) does not say when the credentials expire")
            }
            return try Credentials(document, names: .metadata, expiration: expiration)
        } catch let error as any CredentialAnswerFault {
            throw Fault("the answer of \(host): \(error)")
        }
    }

    private func get(_ path: String, _ token: String?) async throws -> [UInt8] {
        var fault = Fault("")
        for _ in 0..<settings.attempts {
            do {
                let response = try await send("GET", path, token.map { ["x-aws-ec2-metadata-token": $0] } ?? [:])
                if response.status == 200, !response.body.isEmpty { return response.body }
                fault = Fault("\(host) answered \(path) with HTTP \(response.status)")
            } catch let error as HTTPTransportError {
                fault = Fault(Self.explain(error))
            }
        }
        throw fault
    }

    private func send(_ method: String, _ path: String, _ headers: HTTPHeaders) async throws -> HTTPResponse {
        var url = settings.endpoint
        url.path += (url.path.hasSuffix("/") ? "" : "/") + path
        return try await transport.send(
            HTTPRequest(
                method: method, url: url, headers: headers,
                limits: HTTPLimits(
                    bodyBytes: 64 << 10, headerBytes: 64 << 10, connect: settings.timeout, stall: settings.timeout,
                    total: settings.timeout * 2)))
    }

    private var host: String { settings.endpoint.authority }

    private static func explain(_ error: HTTPTransportError) -> String {
        guard case .timedOut(let host, _, let limit) = error else { return "\(error)" }
        return "no answer from \(host) within \(limit.components.seconds) s"
    }
}
