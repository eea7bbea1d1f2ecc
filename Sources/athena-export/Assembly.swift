import Athena
import AWS
import Clock
import FoundationEssentials
import HTTPTransport
import Logging
import ProcessLimits
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
    /// Nil if rows are never read from S3; an error if S3 has no address.
    private let objects: Result<S3Client, AWSError>?
    /// Uploads files; an error if S3 has no address.
    private let writer: Result<S3Client, AWSError>
    /// Nil if nothing is recorded.
    let recording: RecordingTransport?
    let runtime: Runtime
    let requests: RequestCounter
    let credentials: CachedCredentials
    private let settings: AWSSettings
    private let transport: any HTTPTransport
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: of one table, or of the first of several: what is used here is the same for all.
    ///   - queuePatience: for how long a full queue of queries is waited for; nil to count it as a failed attempt.
    ///   - maxAttempts: for each request; nil for what was configured.
    init(
        _ configuration: ExportConfiguration, queuePatience: Duration? = nil, maxAttempts: Int? = nil, logger: Logger
    ) throws {
        self.logger = logger
        let connection =
            if let replay = configuration.replay {
                try Connection(replaying: replay)
            } else {
                try Connection(configuration.aws, logger: logger)
            }
        runtime = connection.runtime
        requests = RequestCounter(around: connection.transport)
        recording = configuration.record.map { [requests] in RecordingTransport($0, around: requests) }
        let transport: any HTTPTransport = recording ?? requests
        self.transport = transport
        settings = connection.settings
        credentials = CachedCredentials(connection.credentials, runtime: runtime, logger: logger)
        let retry = RetryPolicy(
            maxAttempts: maxAttempts ?? configuration.maxAttempts ?? connection.maxAttempts,
            queuePatience: queuePatience)
        client = AthenaClient(
            AWSJSONClient(
                service: .athena, targetPrefix: "AmazonAthena",
                endpoint: try connection.settings.endpoint(for: .athena),
                credentials: credentials, transport: transport, retry: retry, runtime: runtime, logger: logger))
        // Not recorded: a recording holds what a replay can answer with.
        writer = Result { [requests, runtime, credentials] () throws(AWSError) in
            S3Client(
                endpoint: try connection.settings.endpoint(for: .s3), credentials: credentials, transport: requests,
                retry: retry, runtime: runtime, logger: logger)
        }
        // A recording holds the answers of Athena's API, so a recording run must use the API.
        objects = configuration.replay == nil && configuration.record == nil ? writer : nil
    }

    /// What reads the result objects of a table's queries; nil if none is to be read.
    func s3(for configuration: ExportConfiguration) throws(AWSError) -> S3Client? {
        guard let objects, configuration.export.source != .api else { return nil }
        return try objects.get().expecting(bucketOwner: configuration.expectedBucketOwner)
    }

    /// What uploads a table's files; nil if they are not uploaded.
    func uploadClient(for configuration: ExportConfiguration) throws(AWSError) -> S3Client? {
        guard configuration.upload != nil else { return nil }
        return try writer.get().expecting(bucketOwner: configuration.expectedBucketOwner)
    }

    /// Asks whose the credentials are.
    func identity() throws(AWSError) -> IdentityClient {
        IdentityClient(
            endpoint: try settings.endpoint(for: .sts), credentials: credentials, transport: transport,
            runtime: runtime, logger: logger)
    }

    /// Chunks compressed, files read and the like at a time, unless an option says otherwise.
    static var workers: Int { UsableCores.count }

    /// Cores of the machine: as many threads as Swift's tasks share.
    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The system's directory for temporary files.
    static func systemTemporaryDirectory() throws(ConfigurationError) -> FilePath {
        let named = try ProcessText.variable("TMPDIR")
        return named.flatMap { $0.isEmpty ? nil : FilePath($0) } ?? "/tmp"
    }
}

/// A bucket's service for a command that needs nothing else of AWS.
struct Storage {
    let s3: S3Client
    let requests: RequestCounter

    init(_ aws: AWSConfiguration, expectedBucketOwner: String?, logger: Logger) throws {
        let connection = try Connection(aws, logger: logger)
        requests = RequestCounter(around: connection.transport)
        s3 = S3Client(
            endpoint: try connection.settings.endpoint(for: .s3), expectedBucketOwner: expectedBucketOwner,
            credentials: CachedCredentials(connection.credentials, runtime: connection.runtime, logger: logger),
            transport: requests, retry: RetryPolicy(maxAttempts: connection.maxAttempts),
            runtime: connection.runtime, logger: logger)
    }
}

/// How the service is reached: over the network, or from a recording.
private struct Connection {
    let transport: any HTTPTransport
    let settings: AWSSettings
    let credentials: any CredentialProvider
    let maxAttempts: Int
    let runtime: Runtime

    init(_ aws: AWSConfiguration, logger: Logger) throws {
        try ProcessText.checkPathVariables()
        let environment = AWSEnvironment(ProcessInfo.processInfo.environment)
        let files = SharedConfigFiles(environment)
        settings = try AWSSettings(explicit: aws.explicit, environment: environment, sharedConfig: try files.load())
        let network = CurlTransport.Configuration(
            caBundlePath: settings.caBundle?.string, userAgent: "athena-export/\(AthenaExportCommand.version)")
        transport = CurlTransport(network)
        maxAttempts = try settings.maxAttempts()
        credentials = CredentialChain.standard(
            explicit: aws.credentials,
            context: CredentialContext(
                settings: settings, files: files, transport: transport,
                directTransport: CurlTransport(network.directly),
                retry: RetryPolicy(maxAttempts: maxAttempts), logger: logger))
        runtime = .system
    }

    /// Opens no socket, reads no environment, profile or keys, and does not wait.
    init(replaying path: FilePath) throws {
        transport = try ReplayTransport(path)
        settings = try AWSSettings(
            explicit: AWSSettings.Explicit(region: "us-east-1"), environment: AWSEnvironment([:]),
            sharedConfig: SharedConfig(config: nil, credentials: nil))
        credentials = ExplicitCredentials(Credentials(accessKeyID: "REPLAY", secretAccessKey: "replay"))
        maxAttempts = RetryPolicy.standard.maxAttempts
        runtime = Runtime(
            now: Runtime.system.now, sleep: { _ in try Task.checkCancellation() }, random: Runtime.system.random)
    }
}

extension CurlTransport.Configuration {
    /// The same settings without a proxy.
    fileprivate var directly: Self {
        var copy = self
        copy.usesProxiesOfEnvironment = false
        return copy
    }
}

extension FileDescriptor {
    /// Whether this is a terminal.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}
