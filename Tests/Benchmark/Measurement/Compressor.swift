import Glibc
import Loopback

/// A program that only compresses: a lower bound for the time that a gzip file takes.
struct Compressor {
    let name: String
    private let command: [String]

    /// Those that are installed.
    static let installed: [Compressor] = [
        Compressor(name: "gzip -6", command: ["gzip", "-6", "-c"]),
        Compressor(name: "pigz -6 -p 2", command: ["pigz", "-6", "-p", "2", "-c"]),
    ].filter { ChildProcess.path(of: $0.command[0]) != nil }

    /// Compresses a file to another one.
    func run(_ input: String, output: String) throws -> Sample {
        let (status, sample) = try ChildProcess(command: command + [input], output: output).run()
        guard status == 0 else { throw SystemFailure("\(name) exits with \(status)", code: EIO) }
        return sample
    }
}
