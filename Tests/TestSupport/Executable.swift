public import Foundation
import Subprocess
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The built `athena-export`, run as users run it.
public enum Executable {
    public struct Outcome: Sendable {
        /// The exit status, or nil if a signal ended the process.
        public let status: Int32?
        public let output: String
        public let errors: String
    }

    /// Products lie beside the test bundle.
    public static var path: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("athena-export").path
    }

    /// Keys that a test's signatures are made with, and that must never be seen again.
    public static let accessKeyID = "AKIDCANARY0123456789"
    public static let secretAccessKey = "canary/SECRET+0123456789abcdefghijklmnopq"

    /// An environment in which nothing of the machine's own AWS settings is found.
    public static func environment(_ more: [String: String] = [:]) -> [String: String] {
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": "/nonexistent",
            "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey, "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true", "SWIFT_BACKTRACE": "enable=no",
        ]
        let inherited = ["LD_LIBRARY_PATH", "TSAN_OPTIONS", "ASAN_OPTIONS", "LLVM_PROFILE_FILE"]
        return environment.merging(ProcessInfo.processInfo.environment.filter { inherited.contains($0.key) }) { $1 }
            .merging(more) { $1 }
    }

    /// Runs the command to its end.
    ///
    /// - Parameter onStart: is given the process's id once it runs.
    public static func run(
        _ arguments: [String], environment: [String: String] = environment(), directory: String? = nil,
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Outcome {
        try await run(path, arguments, environment: environment, directory: directory, onStart: onStart)
    }

    /// Runs any program to its end.
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String? = nil,
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments),
            environment: .custom(
                Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
            ),
            workingDirectory: directory.map { FilePath($0) }, input: .none, output: .string(limit: 1 << 30),
            error: .string(limit: 1 << 30)
        ) { execution in
            onStart?(execution.processIdentifier.value)
        }
        let status: Int32? = if case .exited(let code) = result.terminationStatus { code } else { nil }
        return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
    }
}

/// A process that a test ends.
public final class RunningProcess: Sendable {
    private let id = Mutex<Int32?>(nil)

    public init() {}

    @Sendable public func started(_ id: Int32) { self.id.withLock { $0 = id } }

    public func kill() { send(SIGKILL) }

    /// Sends a signal, if the process has started.
    public func send(_ signal: Int32) {
        id.withLock { if let id = $0 { _ = sendSignal(id, signal) } }
    }
}

/// Places and programs that tests use.
public enum TestMachine {
    /// The package's directory.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A Python with moto and boto3, as `Tests/setup` installs it; nil if there is none.
    public static let python: String? = {
        let candidates: [String?] = [
            ProcessInfo.processInfo.environment["ATHENA_EXPORT_TEST_PYTHON"],
            root.appendingPathComponent(".build/test-venv/bin/python").path,
        ]
        return candidates.compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// A C compiler; one comes with the Swift toolchain.
    public static let compiler: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        return path.split(separator: ":").flatMap { ["\($0)/clang", "\($0)/cc"] }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// A directory of its own for one test, removed afterwards.
    public static func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("athena-export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(url.path)
    }

    /// Every file below a directory with its bytes, by the path from there.
    public static func files(below directory: String) -> [String: Data] {
        var files: [String: Data] = [:]
        let entries = FileManager.default.enumerator(atPath: directory)
        while let entry = entries?.nextObject() as? String {
            if let data = FileManager.default.contents(atPath: "\(directory)/\(entry)") { files[entry] = data }
        }
        return files
    }

    /// What a gzip file holds, read by gzip.
    public static func gunzip(_ path: String) async throws -> String {
        let outcome = try await Executable.run(
            "/usr/bin/env", ["gzip", "-dc", path], environment: ProcessInfo.processInfo.environment)
        guard outcome.status == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return outcome.output
    }
}

/// Named apart because the method of the same name hides it.
private func sendSignal(_ id: Int32, _ signal: Int32) -> Int32 { kill(id, signal) }
