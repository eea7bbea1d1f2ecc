import ArgumentParser
import Glibc
import Loopback

/// The server alone, for a benchmark in another process and for measuring other programs.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a made-up query result on loopback, as Athena and S3 would.",
        discussion: """
            Prints its address and serves until it is killed. Any query succeeds at once and has the same result. Other \
            programs are led here by AWS_ENDPOINT_URL and any credentials. An UNLOAD has its objects below its own target.
            """)

    @Option(help: "What the result's rows look like.")
    var table: BenchmarkTable = .customers

    @Option(help: "Data rows of the result.")
    var rows = 1_000_000

    @Option(
        help: ArgumentHelp(
            "Objects of an UNLOAD, made before the address is printed (default: 8, made for the first UNLOAD).",
            valueName: "count"))
    var unloadObjects: Int?

    @Option(help: ArgumentHelp("Time that every call takes beyond the work.", valueName: "milliseconds"))
    var latency = 0

    @Option(help: "Port; 0 takes a free one.")
    var port = 0

    @Flag(help: "End as soon as standard input does, since the process that started the server is gone then.")
    var whileInputIsOpen = false

    func validate() throws {
        guard (0...BenchmarkTable.maximumRows).contains(rows) else {
            throw ValidationError("--rows is 0 to \(BenchmarkTable.maximumRows)")
        }
        guard (0...60_000).contains(latency) else { throw ValidationError("--latency is 0 to 60000 milliseconds") }
        guard (1...9999).contains(unloadObjects ?? 1) else { throw ValidationError("--unload-objects is 1 to 9999") }
        guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535") }
    }

    func run() throws {
        let service = Service(
            GeneratedResult(table, rowCount: rows), latencyMilliseconds: latency, unloadObjects: unloadObjects ?? 8)
        if unloadObjects != nil { try service.unloaded.prepare() }
        try withExtendedLifetime(service.start(port: port)) { server in
            print(server.address)
            fflush(nil)
            guard whileInputIsOpen else { while true { pause() } }
            var byte: UInt8 = 0
            while read(0, &byte, 1) > 0 {}
        }
    }
}
