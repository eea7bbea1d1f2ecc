import Clock
import Files
import HTTPTransport
import JSON
import Logging
import SystemPackage
import Text

/// Credentials of the endpoint that runs beside a container: ECS tasks, EKS pod identities, Greengrass.
package struct ContainerCredentials: CredentialProvider {
    package let name = "container"
    private let context: CredentialContext

    static let attempts = 3
    static let pause = Duration.seconds(1)
    private static let limits = HTTPLimits(
        bodyBytes: 64 << 10, headerBytes: 64 << 10, connect: .seconds(2), stall: .seconds(2), total: .seconds(2))
    private static let maximumTokenBytes = 64 << 10

    package init(_ context: CredentialContext) {
        self.context = context
    }

    /// Asks up to three times.
    package func lookUp() async throws -> CredentialLookup {
        guard let url = try ContainerEndpoint.url(context.settings.environment) else {
            return .absent("neither \(ContainerEndpoint.relative) nor \(ContainerEndpoint.full) is set")
        }
        var request = HTTPRequest(
            method: "GET", url: url, headers: ["Accept": "application/json"], limits: Self.limits)
        request.headers["Authorization"] = try authorization()
        var attempt = 1
        while true {
            switch try await answer(to: request) {
            case .success(let credentials): return .found(credentials)
            case .failure(let fault):
                guard attempt < Self.attempts else { throw AWSError.provider(fault) }
                context.logger.debug(
                    "no credentials yet", metadata: ["event": "credentials_delayed", "error": "\(fault)"])
            }
            try await context.runtime.sleep(Self.pause)
            attempt += 1
        }
    }

    private func answer(to request: HTTPRequest) async throws -> Result<Credentials, ProviderFault> {
        func failure(_ problem: String, isTemporary: Bool = true) -> Result<Credentials, ProviderFault> {
            .failure(ProviderFault(provider: name, problem: problem, isTemporary: isTemporary))
        }
        let response: HTTPResponse
        do {
            response = try await context.directTransport.send(request)
        } catch let error as HTTPTransportError {
            return failure("\(error); run the same command again later")
        }
        guard response.status == 200 else {
            let isRefused = (300..<500).contains(response.status) && response.status != 429
            let advice = isRefused ? "check the role of the task or pod" : "run the same command again later"
            return failure(
                "\(request.url.authority) answered with HTTP \(response.status); \(advice)", isTemporary: !isRefused)
        }
        do {
            let document = JSONField(try JSONValue(parsing: response.body))
            return .success(
                try Credentials(document, names: .metadata, expiration: try document.timestamp("Expiration")))
        } catch {
            return failure("the answer of \(request.url.authority): \(error); run the same command again later")
        }
    }

    /// The token that the endpoint requires. A file is read again each time, since its token is replaced there.
    private func authorization() throws(AWSError) -> String? {
        let environment = context.settings.environment
        let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        guard let path = environment["\(variable)_FILE"] else {
            return try environment[variable].map { (text) throws(AWSError) in try checked(Array(text.utf8), variable) }
        }
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.read(FilePath(path), limit: Self.maximumTokenBytes).bytes
        } catch {
            throw .provider(ProviderFault(provider: name, problem: "\(variable)_FILE: \(error); correct the variable"))
        }
        return try checked(bytes, "the file of \(variable)_FILE")
    }

    private func checked(_ token: [UInt8], _ source: String) throws(AWSError) -> String {
        guard !token.isEmpty, token.allSatisfy({ $0.isVisibleASCII || $0 == .space }) else {
            throw .configuration(
                ConfigurationFault(
                    source: source,
                    problem:
                        "it is empty or contains a line break or another character that no header accepts; set it again"
                ))
        }
        return String(decoding: token, as: UTF8.self)
    }
}
