import AWS
import Athena
import Files
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
        runtime = configuration.replay == nil ? .live : .replay
        var transport: any HTTPTransport
        if let replay = configuration.replay {
            transport = try ReplayTransport(replay)
        } else {
            transport = CurlTransport()
        }
        if let record = configuration.record {
            transport = try RecordingTransport(record, around: transport)
        }
        client = AthenaClient(
            AWSJSONClient(
                service: "athena", targetPrefix: "AmazonAthena",
                endpoint: try HTTPURL(parsing: configuration.aws.endpoint ?? "https://athena.us-east-1.amazonaws.com"),
                region: "us-east-1",
                credentials: ExplicitCredentials(Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")),
                transport: transport, runtime: runtime, logger: logger))
    }

    /// Cores that this process may use.
    static var workers: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

extension FileDescriptor {
    /// Whether a person looks at it.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}
