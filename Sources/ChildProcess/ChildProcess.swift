import Dispatch
import Threading

/// Another program, run to its end: no shell, nothing on its standard input, a limit on its time and on its output.
public enum ChildProcess {
    /// What a program left behind.
    public struct Outcome: Sendable {
        public let end: End
        public let output: [UInt8]
        /// How many bytes it wrote to standard error. They are not kept: nobody knows what is in them.
        public let errorBytes: Int
    }

    /// How a program ended.
    public enum End: Sendable, Equatable {
        case exited(status: Int32)
        case signaled(Int32)
    }

    /// Runs a program and waits until it has ended and closed its output.
    ///
    /// It gets a process group of its own, and all of that is killed when a limit is exceeded or the task is cancelled.
    ///
    /// - Parameters:
    ///   - command: the program, looked up in `PATH` unless there is a slash in it, and its arguments.
    ///   - environment: all of its variables.
    ///   - outputLimit: bytes that it may write to standard output.
    /// - Throws: ``ChildProcessError``; `CancellationError`.
    public static func run(
        _ command: [String], environment: [String: String], timeLimit: Duration, outputLimit: Int
    ) async throws -> Outcome {
        let isCancelled = Locked(false)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // A thread that may block: the pool that tasks run on has few, and none to spare.
                DispatchQueue(label: "athena-export.child-process").async {
                    continuation.resume(
                        with: Result {
                            let child = try SpawnedProcess(command, environment: environment)
                            return try child.collect(
                                until: .now + timeLimit, limit: timeLimit, outputLimit: outputLimit
                            ) { isCancelled.withLock { $0 } }
                        })
                }
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
    }
}
