import Foundation
import SystemPackage
import Testing
import TestSupport
import Threading

@testable import ProcessLimits

/// Runs the command as a shell does after `ulimit`. A command that waits without end is killed: its status is 137.
private func run(
    _ arguments: [String], under limit: String, in directory: String,
    environment: [String: String] = Executable.environment()
) async throws -> Executable.Outcome {
    try await Executable.run(
        "/bin/sh",
        ["-c", #"ulimit \#(limit); exec timeout -s KILL 120 "$@""#, "sh", Executable.path] + arguments,
        environment: environment, directory: directory)
}

private let replay = ["--replay", customers, "--output", "export", "--log-level", "error"]

@Suite(.limitedConcurrency) struct `Limits of the process` {
    @Test(.disabled(if: TestMachine.isSanitized, "a sanitizer needs terabytes of address space"))
    func `a want of memory names the limits that there are, or the machine's memory`() async throws {
        let text = "\(ProcessLimitError.memory(needed: 1 << 30, .noMemory))"
        #expect(text.contains("1024 MiB more memory are needed"))
        #expect(text.contains("ulimit") != text.contains("free memory on this machine"), "\(text)")
    }

    @Test(arguments: [4, 5, 6, 7, 8, 12, 20, 31])
    func `a limit of open files ends a run with its name and value`(_ files: Int) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(replay, under: "-n \(files)", in: directory)
            // With fewer than four, the system cannot even load the program.
            expectError(outcome, 74, ["Too many open files", "ulimit -n, now \(files)"])
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/export"))
        }
    }

    @Test(arguments: [["verify"], ["merge"], ["status"], ["loader", "postgres"]])
    func `a limit of open files ends every command with its name`(_ command: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try #require(try await Executable.run(replay, directory: directory).status == 0)
            let outcome = try await run(command + ["export/customers"], under: "-n 8", in: directory)
            expectError(outcome, 74, ["Too many open files", "ulimit -n, now 8"])
            #expect(outcome.output.isEmpty)
        }
    }

    @Test func `a limit of open files is raised where the process may`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(replay, under: "-S -n 8", in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test(.disabled(if: TestMachine.isSanitized, "a sanitizer needs terabytes of address space"))
    func `a limit of memory ends a run with its name, or leaves it enough`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var named = 0
            for (option, name) in [("-v", "address space"), ("-d", "data")] {
                for kilobytes in stride(from: 20_000, through: 260_000, by: 20_000) {
                    let outcome = try await run(replay, under: "\(option) \(kilobytes)", in: directory)
                    switch outcome.status {
                    // With the lowest limits, the system cannot even load the program.
                    case 0, 127: break
                    case 74, 75:
                        expectError(
                            outcome, outcome.status ?? 0, ["\(name) (ulimit \(option), now \(kilobytes))"])
                        named += 1
                    default: Issue.record("\(option) \(kilobytes): \(outcome)")
                    }
                }
            }
            #expect(named > 0)
        }
    }

    @Test(.disabled(if: TestMachine.isSanitized, "a sanitizer needs more stack"), arguments: [128, 256, 1024])
    func `a limit of the stack is not that of the threads`(_ kilobytes: Int) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(replay, under: "-s \(kilobytes)", in: directory)
            #expect(outcome.status == 0, "\(outcome)")
        }
    }
}

/// Not limited in number: these wait for the command's patience and use no processor.
@Suite(
    .enabled(if: FaultShim.path != nil, FaultShim.needs),
    .disabled(if: ProcessInfo.processInfo.environment["TSAN_OPTIONS"] != nil, "ThreadSanitizer needs a thread itself"))
struct `Shortage of threads` {
    /// The threads that the first check makes, all of which end again.
    private static let tried = sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 3

    private static func run(threads: Int) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try await Executable.run(
                "/usr/bin/env", ["timeout", "-s", "KILL", "120", Executable.path] + replay,
                environment: FaultShim.environment(root: "/nonexistent", more: ["FAULT_THREADS": "\(threads)"]),
                directory: directory)
        }
    }

    @Test(arguments: [0, 1, tried - 1, tried]) func `a shortage of threads ends a command before it begins`(
        _ threads: Int
    ) async throws {
        let outcome = try await Self.run(threads: threads)
        expectError(outcome, 75, ["Resource temporarily unavailable", "limit of processes"])
    }

    @Test func `a shortage of threads ends a command that waits for a thread already`() async throws {
        // One thread for the watchdog, none for the first task.
        expectError(
            try await Self.run(threads: Self.tried + 1), 75,
            ["the system has made no thread for 10 s: Resource temporarily unavailable", "limit of processes"])
    }

    @Test(arguments: Array(stride(from: tried + 3, through: 4 * tried + 4, by: 4)))
    func `a shortage of threads never makes a command wait without end`(_ threads: Int) async throws {
        let outcome = try await Self.run(threads: threads)
        if outcome.status != 0 { expectError(outcome, 75, ["Resource temporarily unavailable"]) }
    }
}

@Suite struct `The watchdog for threads` {
    private let shortage = ThreadShortage(errno: EAGAIN)

    @Test func `the watchdog reports a shortage of threads that lasts while the process is idle`() {
        var watch = ThreadShortageWatch()
        for look in 1..<ThreadShortageWatch.patience {
            #expect(watch.note(shortage, processorTime: .milliseconds(look)) == nil)
        }
        #expect(
            watch.note(shortage, processorTime: .milliseconds(9))
                == .noThread(during: .seconds(10), .resourceTemporarilyUnavailable))
    }

    @Test func `the watchdog reports nothing of a process that is at work`() {
        var watch = ThreadShortageWatch()
        for look in 1...100 { #expect(watch.note(shortage, processorTime: .milliseconds(150 * look)) == nil) }
    }

    @Test func `the watchdog reports nothing of a shortage of a moment`() {
        var watch = ThreadShortageWatch()
        for look in 1...100 {
            #expect(watch.note(look % ThreadShortageWatch.patience == 0 ? nil : shortage, processorTime: .zero) == nil)
        }
    }
}

@Suite struct `Needs of a process` {
    @Test func `a machine for tests has what a process needs`() throws {
        try ProcessNeeds.rows(workers: 4, cores: 4).check()
    }

    @Test func `a process that needs more memory than there are addresses does not have it`() {
        #expect(throws: ProcessLimitError.memory(needed: .max / 2, .noMemory)) {
            try ProcessNeeds(threads: 0, openFiles: 0, memory: .max / 2).check()
        }
    }

    @Test(
        arguments: [
            (.openFiles(needed: 9, available: 3, .tooManyOpenFilesInSystem), true, "end programs that hold files open"),
            (.openFiles(needed: 9, available: 3, .tooManyOpenFiles), false, "limit of open files (ulimit -n, now "),
            (.memory(needed: 48 << 20, .noMemory), false, "48 MiB more memory are needed: Cannot allocate memory; "),
            (.threads(needed: 7, .resourceTemporarilyUnavailable), true, "7 more threads are needed"),
        ] as [(ProcessLimitError, Bool, String)])
    func `a need that is not met is named with what to do`(
        _ error: ProcessLimitError, _ isTemporary: Bool, _ words: String
    ) {
        #expect(error.isTemporary == isTemporary && "\(error)".contains(words), "\(error)")
        #expect("\(error)".hasSuffix("then run the same command again"))
    }
}
