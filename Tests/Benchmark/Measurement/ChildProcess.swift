import Glibc
import Loopback

/// A program that runs to its end, with its time and memory.
struct ChildProcess {
    let command: [String]
    var environment: [String: String] = Self.bareEnvironment
    /// Where standard output goes; it is truncated first.
    var output = "/dev/null"
    var errors = "/dev/null"

    /// Without the AWS settings of this machine.
    static let bareEnvironment: [String: String] = {
        var environment = ["HOME": "/nonexistent", "SWIFT_BACKTRACE": "enable=no"]
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        return environment
    }()

    /// - Returns: nil if the program is not installed.
    static func path(of program: String) -> String? {
        (bareEnvironment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(program)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs the program to its end.
    func run() throws(SystemFailure) -> (status: Int32, sample: Sample) {
        let start = ContinuousClock.now
        let id = try spawn(input: nil)
        var status: Int32 = 0
        var usage = rusage()
        while wait4(id, &status, 0, &usage) == -1 {
            guard errno == EINTR else { throw SystemFailure("wait4") }
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        // A child's peak begins at that of the process that started it, so a smaller one cannot be measured.
        let peak = usage.ru_maxrss > rusage.ofThisProcess.ru_maxrss ? Int(usage.ru_maxrss) << 10 : nil
        return (
            status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f,
            Sample(
                seconds: seconds, cpuSeconds: usage.cpuSeconds, peakBytes: peak)
        )
    }

    /// Starts the program and does not wait.
    ///
    /// - Parameter input: becomes its standard input; nil for none.
    func spawn(input: Int32?, outputTo pipe: Int32? = nil) throws(SystemFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let pipe {
            posix_spawn_file_actions_adddup2(&actions, pipe, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        }
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        let words = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }

        var id: pid_t = 0
        let status = posix_spawnp(&id, command[0], &actions, nil, words, variables)
        guard status == 0 else { throw SystemFailure("starting \(command[0])", code: status) }
        return id
    }
}
