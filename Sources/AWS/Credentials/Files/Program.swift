import Files
import Subprocess
import SystemPackage
import Text

/// Another program, run to its end without a shell, with nothing on its standard input.
struct Program: Sendable {
    /// The program and its arguments. A name without a slash is looked up in the directories of `PATH`.
    let command: [String]
    /// All of the program's variables. Those whose name is empty or begins with a digit are left out, since
    /// swift-subprocess refuses them.
    let environment: [String: String]
    /// How long the program may take.
    let timeLimit: Duration
    /// How many bytes the program may write to standard output.
    let outputLimit: Int

    /// The result of a program.
    struct Outcome: Sendable {
        let end: End
        let output: [UInt8]
        /// How many bytes it wrote to standard error. They are not kept: they may contain anything, secrets too.
        let errorBytes: Int
    }

    /// How a program ended.
    enum End: Sendable, Equatable {
        case exited(status: Int32)
        case signaled(Int32)
    }

    /// Runs the program and waits for its end. Output that its children write later is ignored.
    ///
    /// The program gets a process group of its own. The whole group is killed when a limit is exceeded or the task is
    /// cancelled.
    ///
    /// - Throws: ``ProgramError``; `CancellationError`.
    func run() async throws -> Outcome {
        let configuration = try configuration()
        do {
            let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
                group.addTask { try await collect(configuration) }
                group.addTask { [timeLimit] in
                    try await Task.sleep(for: timeLimit)
                    throw ProgramError.timedOut(timeLimit)
                }
                defer { group.cancelAll() }
                return try await group.next()
            }
            // The program may seem to have ended normally although the cancellation killed it.
            try Task.checkCancellation()
            guard let outcome else { throw CancellationError() }
            return outcome
        } catch let error as SubprocessError {
            throw ProgramError(error)
        }
    }

    private func configuration() throws(ProgramError) -> Configuration {
        // A NUL would end the text early, so another command would run than the written one.
        let texts = command + environment.flatMap { [$0.key, $0.value] }
        guard let name = command.first, !name.isEmpty, !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw .notStarted(.invalidArgument)
        }
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment where Self.canPass(name) {
            variables[Environment.Key(stringLiteral: name)] = value
        }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
        ]
        return Configuration(
            executable: .path(try path(of: name)),
            arguments: Arguments(executablePathOverride: name, remainingValues: Array(command.dropFirst())),
            environment: .custom(variables), platformOptions: options)
    }

    /// swift-subprocess skips relative directories of `PATH`; a shell and the AWS command line do not.
    private func path(of name: String) throws(ProgramError) -> FilePath {
        guard !name.utf8.contains(UInt8(ascii: "/")) else { return FilePath(name) }
        let directories = (environment["PATH"] ?? "/usr/bin:/bin").split(
            separator: ":", omittingEmptySubsequences: false)
        for directory in directories {
            let path = FilePath(directory.isEmpty ? "." : String(directory)).appending(name)
            if path.isExecutableFile { return path }
        }
        throw .notFound
    }

    private static func canPass(_ variable: String) -> Bool {
        guard let first = variable.utf8.first else { return false }
        return !first.isDigit
    }

    private func collect(_ configuration: Configuration) async throws -> Outcome {
        let result = try await Subprocess.run(
            configuration, input: .none, output: .sequence, error: .sequence
        ) { [outputLimit] execution in
            async let errorBytes = Self.count(execution.standardError)
            let output = try await Self.bytes(of: execution.standardOutput, limit: outputLimit)
            return (output: output, errorBytes: try await errorBytes)
        }
        let end: End =
            switch result.terminationStatus {
            case .exited(let status): .exited(status: status)
            case .signaled(let signal): .signaled(signal)
            }
        return Outcome(end: end, output: result.closureResult.output, errorBytes: result.closureResult.errorBytes)
    }

    private static func bytes(of output: SubprocessOutputSequence, limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in output {
            // A child of the program may continue to write after a cancellation.
            try Task.checkCancellation()
            guard bytes.count + part.count <= limit else { throw ProgramError.tooMuchOutput(limit: limit) }
            // The pointer does not leave the closure.
            unsafe part.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private static func count(_ errors: SubprocessOutputSequence) async throws -> Int {
        var count = 0
        for try await part in errors {
            try Task.checkCancellation()
            count += part.count
        }
        return count
    }
}

extension ProgramError {
    /// The library's own description is not used: it may quote a variable, and so a secret.
    fileprivate init(_ error: SubprocessError) {
        switch error.code {
        case .executableNotFound: self = .notFound
        case .spawnFailed: self = .notStarted(error.underlyingError ?? .invalidArgument)
        default: self = .lost(error.underlyingError ?? .ioError)
        }
    }
}
