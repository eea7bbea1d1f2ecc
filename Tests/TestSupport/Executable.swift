package import Foundation
import Threading

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The built `athena-export`, run as users run it.
package enum Executable {
    package struct Outcome: Sendable {
        /// The exit status, or nil if a signal ended the process.
        package let status: Int32?
        package let output: String
        package let errors: String
    }

    /// Products lie beside the test bundle.
    package static var path: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("athena-export").path
    }

    /// Keys that sign the requests of tests, and must never be seen in any output.
    package static let accessKeyID = "AKIDCANARY0123456789"
    package static let secretAccessKey = "canary/SECRET+0123456789abcdefghijklmnopq"
    package static let sessionToken = "canary/TOKEN+rstuvwxyz0123456789=="

    /// An environment without the machine's own AWS settings.
    package static func environment(_ more: [String: String] = [:]) -> [String: String] {
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": "/nonexistent",
            "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey,
            "AWS_SESSION_TOKEN": sessionToken, "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true", "SWIFT_BACKTRACE": "enable=no",
        ]
        let inherited = ["LD_LIBRARY_PATH", "TSAN_OPTIONS", "ASAN_OPTIONS", "LLVM_PROFILE_FILE"]
        return environment.merging(ProcessInfo.processInfo.environment.filter { inherited.contains($0.key) }) { $1 }
            .merging(more) { $1 }
    }

    /// Runs the command to its end.
    ///
    /// - Parameter onStart: gets the process's id once it runs.
    /// - Throws: ``SecretLeak`` if a secret of the run, or a text that could steer a terminal, is in its output.
    package static func run(
        _ arguments: [String], environment: [String: String] = environment(), directory: String? = nil,
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Outcome {
        try await run(path, arguments, environment: environment, directory: directory, onStart: onStart)
    }

    /// Runs any program to its end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String? = nil,
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Outcome {
        // Files, not pipes: they need no reader while the process runs.
        try await TestMachine.withTemporaryDirectory { scratch in
            let id = try spawn(
                program, arguments, environment: environment, directory: directory, output: "\(scratch)/out",
                errors: "\(scratch)/err")
            onStart?(id)
            let status = await wait(for: id)
            try SecretLeakCheck(program, arguments, environment, directory: directory ?? ".")
                .check(output: "\(scratch)/out", errors: "\(scratch)/err")
            return Outcome(
                status: status & 0x7f == 0 ? status >> 8 & 0xff : nil, output: text("\(scratch)/out"),
                errors: text("\(scratch)/err"))
        }
    }

    /// The sockets of a test's server must close when the server closes them, even if a child runs meanwhile.
    private static func closeFilesOnSpawn() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? [] {
            if let file = Int32(name), file > 2 { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        }
    }

    private static func text(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }

    private static func wait(for id: Int32) async -> Int32 {
        await withCheckedContinuation { continuation in
            // A thread of its own, because waiting must not block a thread of servers or tests.
            Thread.detachNewThread {
                var status: Int32 = 0
                while waitpid(id, &status, 0) == -1, errno == EINTR {}
                continuation.resume(returning: status)
            }
        }
    }

    /// posix_spawn, because Foundation's Process has crashed under a few hundred of them at once.
    private static func spawn(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String?, output: String,
        errors: String
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)
        closeFilesOnSpawn()

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The test process blocks and ignores signals that the command must get.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let command = directory.map { ["/usr/bin/env", "-C", $0, program] } ?? [program]
        let words = (command + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var id: pid_t = 0
        let status = posix_spawn(&id, command[0], &actions, &attributes, words, variables)
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EIO) }
        return id
    }
}

/// A process that a test ends.
package final class RunningProcess: Sendable {
    private let id = Locked<Int32?>(nil)

    package init() {}

    @Sendable package func started(_ id: Int32) { self.id.withLock { $0 = id } }

    /// Nil before the start.
    package var processID: Int32? { id.withLock { $0 } }

    package func kill() { send(SIGKILL) }

    /// Sends a signal, if the process has started.
    package func send(_ signal: Int32) {
        id.withLock { if let id = $0 { _ = sendSignal(id, signal) } }
    }
}

/// Directories and programs that tests use.
package enum TestMachine {
    /// The package's directory.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A Python with moto and boto3, as `Tests/setup` installs it; nil if there is none.
    package static let python: String? = {
        let candidates: [String?] = [
            ProcessInfo.processInfo.environment["ATHENA_EXPORT_TEST_PYTHON"],
            root.appendingPathComponent(".build/test-venv/bin/python").path,
        ]
        return candidates.compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Whether a sanitizer is active. It ends under a limit of file sizes, and takes a signal for a fault.
    package static let isSanitized = ["TSAN_OPTIONS", "ASAN_OPTIONS"].contains {
        ProcessInfo.processInfo.environment[$0] != nil
    }

    /// A C compiler; one comes with the Swift toolchain.
    package static let compiler: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        return path.split(separator: ":").flatMap { ["\($0)/clang", "\($0)/cc"] }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// A directory of its own for one test, removed afterwards.
    package static func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("athena-export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(url.path)
    }

    /// Every file below a directory, except giant ones, with its bytes, by the path from there.
    package static func files(below directory: String) -> [String: Data] {
        var files: [String: Data] = [:]
        let entries = FileManager.default.enumerator(atPath: directory)
        while let entry = entries?.nextObject() as? String {
            let path = "\(directory)/\(entry)"
            // Some tests make sparse files of a huge size.
            let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
            if size < 1 << 30, let data = FileManager.default.contents(atPath: path) { files[entry] = data }
        }
        return files
    }

    /// The content of a gzip file, read by gzip.
    package static func gunzip(_ path: String) async throws -> String {
        let outcome = try await Executable.run(
            "/usr/bin/env", ["gzip", "-dc", path], environment: ProcessInfo.processInfo.environment)
        guard outcome.status == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return outcome.output
    }
}

/// An alias, because the method of the same name hides it.
private func sendSignal(_ id: Int32, _ signal: Int32) -> Int32 { kill(id, signal) }
