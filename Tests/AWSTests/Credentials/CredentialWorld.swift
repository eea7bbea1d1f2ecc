import AWS
import HTTPTransport
import InMemoryLogging
import Logging
import SystemPackage
import TestSupport

/// A home directory, variables and endpoints, in which the chain looks for credentials.
final class CredentialWorld: Sendable {
    let time = FakeTime()
    let log = InMemoryLogHandler(level: .trace)
    let identity: FakeIdentity
    let files: TemporaryFiles
    let environment: [String: String]
    let transport: ScriptedTransport
    let directTransport: ScriptedTransport

    /// - Parameters:
    ///   - config: `DIR` in it stands for the directory.
    ///   - environment: `DIR` in its values as well.
    init(config: String = "", credentials: String = "", _ environment: [String: String] = [:]) {
        identity = FakeIdentity(time)
        files = TemporaryFiles(config: nil, credentials: nil)
        let directory = files.directory.string
        files.write(config.replacing("DIR", with: directory), to: files.shared.config)
        files.write(credentials.replacing("DIR", with: directory), to: files.shared.credentials)
        self.environment = ["HOME": directory, "AWS_REGION": "eu-west-1", "PATH": "/usr/bin:/bin"]
            .merging(environment.mapValues { $0.replacing("DIR", with: directory) }) { $1 }
        transport = identity.transport
        directTransport = identity.transport
    }

    func write(_ text: String, to name: String) { files.write(text, to: files.directory.appending(name)) }

    func read(_ name: String) -> String { files.read(files.directory.appending(name)) }

    /// Writes a token to the place where `aws sso login` does.
    func signIn(_ token: String, file: String) {
        files.makeDirectory(".aws/sso/cache")
        write(token, to: ".aws/sso/cache/\(file).json")
    }

    func context(profile: String? = nil) throws -> CredentialContext {
        CredentialContext(
            settings: try AWSSettings(
                explicit: .init(profile: profile), environment: AWSEnvironment(environment),
                sharedConfig: try files.shared.load()),
            files: files.shared, transport: transport, directTransport: directTransport, runtime: time.runtime,
            logger: log.logger)
    }

    func chain(profile: String? = nil) throws -> CredentialChain {
        CredentialChain.standard(explicit: nil, context: try context(profile: profile))
    }

    /// Credentials that are kept and renewed, as in the program.
    func cached(profile: String? = nil) throws -> CachedCredentials {
        CachedCredentials(try chain(profile: profile), runtime: time.runtime, logger: log.logger)
    }

    /// The chain's error.
    func failure(profile: String? = nil) async -> AWSError? {
        do {
            _ = try await chain(profile: profile).credentials()
            return nil
        } catch {
            return error as? AWSError
        }
    }
}
