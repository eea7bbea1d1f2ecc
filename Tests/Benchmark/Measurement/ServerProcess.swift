import Glibc
import Loopback

/// The server in a process of its own: this program, run as `serve`.
final class ServerProcess {
    let url: String
    private let id: pid_t
    /// The server ends when this does, even if this process is killed.
    private let input: Int32

    /// - Parameter isUnloaded: whether the objects of an UNLOAD are made before the server answers.
    init(_ table: BenchmarkTable, rows: Int, latency: Int, isUnloaded: Bool) throws(SystemFailure) {
        let input = try Self.pipe()
        let output = try Self.pipe()
        id = try ChildProcess(
            command: [
                "/proc/self/exe", "serve", "--table", table.rawValue, "--rows", "\(rows)", "--latency", "\(latency)",
                "--while-input-is-open",
            ] + (isUnloaded ? ["--unload-objects", "8"] : [])
        ).spawn(input: input.read, outputTo: output.write)
        self.input = input.write
        close(input.read)
        close(output.write)
        defer { close(output.read) }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output.read, &byte, 1) == 1, byte != 0x0a { line.append(byte) }
        url = String(decoding: line, as: UTF8.self)
        guard url.hasPrefix("http://") else { throw SystemFailure("starting the server", code: ECHILD) }
    }

    deinit {
        close(input)
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1, errno == EINTR {}
    }

    private static func pipe() throws(SystemFailure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw SystemFailure("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
