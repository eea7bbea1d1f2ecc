import AWS
import Athena
import FoundationEssentials
import HTTPTransport
import Logging
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The one place where the parts are put together.
struct Assembly {
    let client: AthenaClient
    let runtime: Runtime

    init(_ configuration: ExportConfiguration, logger: Logger) throws {
        let connection =
            if let replay = configuration.replay {
                try Connection(replaying: replay)
            } else {
                try Connection(configuration.aws, logger: logger)
            }
        runtime = connection.runtime
        var transport = connection.transport
        if let record = configuration.record { transport = try RecordingTransport(record, around: transport) }
        client = AthenaClient(
            AWSJSONClient(
                service: .athena, targetPrefix: "AmazonAthena", endpoint: connection.endpoint,
                credentials: CachedCredentials(connection.credentials, runtime: runtime, logger: logger),
                transport: transport,
                retry: RetryPolicy(maxAttempts: configuration.maxAttempts ?? connection.maxAttempts),
                runtime: runtime, logger: logger))
    }

    /// Cores that this process may use.
    static var workers: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// How the service is reached: live, or as it was recorded.
private struct Connection {
    let transport: any HTTPTransport
    let endpoint: Endpoint
    let credentials: any CredentialProvider
    let maxAttempts: Int
    let runtime: Runtime

    init(_ aws: AWSConfiguration, logger: Logger) throws {
        let environment = AWSEnvironment(ProcessInfo.processInfo.environment)
        let files = SharedConfigFiles(environment)
        let settings = try AWSSettings(explicit: aws.explicit, environment: environment, sharedConfig: try files.load())
        transport = CurlTransport(
            CurlTransport.Configuration(
                caBundlePath: settings.caBundle?.string,
                userAgent: "athena-export/\(AthenaExportCommand.version)"))
        endpoint = try settings.endpoint(for: .athena)
        credentials = CredentialChain.standard(
            explicit: aws.credentials, settings: settings, files: files, logger: logger)
        maxAttempts = try settings.maxAttempts()
        runtime = .system
    }

    /// Opens no socket, reads no environment, profile or keys, and does not wait.
    init(replaying path: FilePath) throws {
        transport = try ReplayTransport(path)
        let explicit = AWSSettings.Explicit(region: "us-east-1")
        endpoint = try AWSSettings(
            explicit: explicit, environment: AWSEnvironment([:]),
            sharedConfig: SharedConfig(config: nil, credentials: nil)
        ).endpoint(for: .athena)
        credentials = ExplicitCredentials(Credentials(accessKeyID: "REPLAY", secretAccessKey: "replay"))
        maxAttempts = RetryPolicy.standard.maxAttempts
        runtime = Runtime(
            now: Runtime.system.now, sleep: { _ in try Task.checkCancellation() }, random: Runtime.system.random)
    }
}

extension FileDescriptor {
    /// Whether a person looks at it.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}
