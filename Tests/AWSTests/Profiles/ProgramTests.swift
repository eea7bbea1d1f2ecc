import Foundation
import SystemPackage
import Testing
import TestSupport

@testable import AWS

@Suite(.limitedConcurrency) struct `A program that is run to its end` {
    private static let environment = ["PATH": "/usr/bin:/bin"]

    private func run(
        _ command: [String], environment: [String: String] = environment, timeLimit: Duration = .seconds(60),
        outputLimit: Int = 1 << 20
    ) async throws -> Program.Outcome {
        try await Program(
            command: command, environment: environment, timeLimit: timeLimit, outputLimit: outputLimit
        ).run()
    }

    private func run(script: String, timeLimit: Duration = .seconds(60), outputLimit: Int = 1 << 20) async throws
        -> Program.Outcome
    {
        try await run(["/bin/sh", "-c", script], timeLimit: timeLimit, outputLimit: outputLimit)
    }

    @Test func `a program gives its output, how it ended and how much it wrote to standard error`() async throws {
        let outcome = try await run(script: "echo out; echo error >&2; exit 3")
        #expect(outcome.end == .exited(status: 3))
        #expect(outcome.text == "out\n")
        #expect(outcome.errorBytes == 6)
    }

    @Test(arguments: [1, 9, 15]) func `a program can be ended by a signal`(_ signal: Int32) async throws {
        let outcome = try await run(script: "echo out; kill -\(signal) $$")
        #expect(outcome.end == .signaled(signal))
        #expect(outcome.text == "out\n")
    }

    @Test func `a program can write much to both ends, whatever the order they are read in`() async throws {
        let script = "i=0; while [ $i -lt 200 ]; do printf '%01000d' 0; printf '%01000d' 0 >&2; i=$((i+1)); done"
        let outcome = try await run(script: script)
        #expect(outcome.output.count == 200_000)
        #expect(outcome.errorBytes == 200_000)
    }

    @Test func `a program has nothing on standard input and no other file open`() async throws {
        let inherited = try FileDescriptor.open("/dev/null", .readOnly)
        defer { try? inherited.close() }
        let outcome = try await run(script: "cat; ls /proc/self/fd | tr '\\n' ' '")
        #expect(outcome.text == "0 1 2 3 ")
    }

    @Test func `a program has no signal ignored or blocked, even one that this process ignores`() async throws {
        // libcurl's set-up leaves the command with an ignored SIGPIPE.
        signal(SIGPIPE, SIG_IGN)
        let outcome = try await run(script: "grep -E '^Sig(Blk|Ign)' /proc/self/status; kill -PIPE $$; echo ignored")
        #expect(outcome.end == .signaled(13))
        let sets = outcome.text.split(separator: "\n").compactMap { UInt64($0.suffix(16), radix: 16) }
        // The two signals above these belong to the C library.
        #expect(sets.map { $0 & 0x7fff_ffff } == [0, 0], "\(outcome.text)")
    }

    @Test func `a program leads a process group of its own`() async throws {
        let outcome = try await run(script: #"[ "$(cut -d ' ' -f 5 /proc/$$/stat)" = $$ ] && echo leader"#)
        #expect(outcome.text == "leader\n")
    }

    @Test func `a program has the given variables and no others`() async throws {
        let outcome = try await run(
            ["/usr/bin/env"], environment: ["A": "1", "B": "x y=z", "EMPTY": "", "2C": "digit", "": "unnamed"])
        #expect(outcome.text.split(separator: "\n").sorted() == ["A=1", "B=x y=z", "EMPTY="])
    }

    @Test func `a program's name is looked up in PATH and stays its first word`() async throws {
        let files = TemporaryFiles()
        try files.writeProgram(#"echo "$0 $*""#, named: "printer")
        let path = ["PATH": "relative:/nonexistent:\(files.directory)"]
        #expect(try await run(["printer", "a", "b"], environment: path).text == "\(files.directory)/printer a b\n")
        #expect(try await run(["sh", "-c", "echo $0"]).text == "sh\n")
    }

    @Test func `a program is found in a relative directory of PATH`() async throws {
        let files = TemporaryFiles()
        try files.writeProgram("echo $*", named: "printer")
        let relative = String(repeating: "../", count: 40) + files.directory.string.drop { $0 == "/" }
        #expect(try await run(["printer", "a"], environment: ["PATH": "/nonexistent:\(relative)"]).text == "a\n")
        await #expect(throws: ProgramError.notFound) {
            try await run(["printer", "a"], environment: ["PATH": "\(relative)/none:"])
        }
    }

    @Test func `a program ends although a child of it keeps its output open`() async throws {
        let outcome = try await run(script: "sleep 1000 & echo $!")
        let child = try #require(ChildOfProgram(outcome.text))
        defer { child.kill() }
        #expect(outcome.end == .exited(status: 0))
        #expect(child.isRunning)
    }

    @Test func `a program is killed with its children when its time is up`() async throws {
        // A busy machine may take long to start a shell, so the time grows until a child was started.
        for milliseconds in [200, 2000, 20000] {
            let files = TemporaryFiles()
            await #expect(throws: ProgramError.timedOut(.milliseconds(milliseconds))) {
                try await run(script: files.startingChild + "wait", timeLimit: .milliseconds(milliseconds))
            }
            guard let child = files.startedChild else { continue }
            return #expect(await child.ends())
        }
        Issue.record("no child was started")
    }

    @Test func `a program that closed its output is killed when its time is up`() async throws {
        await #expect(throws: ProgramError.timedOut(.milliseconds(200))) {
            try await run(script: "exec >&- 2>&-; sleep 1000; true", timeLimit: .milliseconds(200))
        }
    }

    @Test(arguments: ["", "trap '' PIPE; "])
    func `a program that writes too much is killed with its children`(_ prefix: String) async throws {
        let files = TemporaryFiles()
        await #expect(throws: ProgramError.tooMuchOutput(limit: 1000)) {
            try await run(
                script: prefix + files.startingChild + "while :; do echo canary; done", outputLimit: 1000)
        }
        #expect(await files.startedChild?.ends() ?? false)
    }

    @Test(arguments: [999, 1000]) func `a program may write as much as its limit`(_ count: Int) async throws {
        #expect(try await run(script: "printf '%0\(count)d' 0", outputLimit: 1000).output.count == count)
    }

    @Test func `a program is killed with its children when its task is cancelled`() async throws {
        let files = TemporaryFiles()
        let task = Task { try await run(script: files.startingChild + "wait") }
        while files.startedChild == nil { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await files.startedChild?.ends() ?? false)
    }

    @Test func `a program is not waited for when its task is cancelled before it starts`() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await run(script: "sleep 1000; true")
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test(
        arguments: [
            ([], .notStarted(.invalidArgument)), ([""], .notStarted(.invalidArgument)),
            (["/bin/echo", "a\0b"], .notStarted(.invalidArgument)), (["/nonexistent"], .notFound),
            (["no-such-program"], .notFound), (["/etc/passwd"], .notFound), (["/usr"], .notFound),
        ] as [([String], ProgramError)])
    func `a program that cannot be started is an error`(_ command: [String], _ error: ProgramError) async {
        await #expect(throws: error) { try await run(command) }
    }

    @Test func `a file that is no program of this machine is an error`() async throws {
        let files = TemporaryFiles()
        try files.writeProgram("not a program", named: "text", interpreter: "")
        await #expect(throws: ProgramError.notStarted(.execFormatError)) {
            try await run(["\(files.directory)/text"])
        }
    }

    @Test func `a variable that cannot be passed on is an error that does not quote it`() async {
        await #expect {
            try await run(["/bin/true"], environment: ["SECRET": "canary\0"])
        } throws: { error in
            error as? ProgramError == .notStarted(.invalidArgument) && !"\(error)".contains("canary")
        }
    }

    @Test(
        arguments: [
            (.notFound, "could not be started: it was not found, or may not be run"),
            (.notStarted(.noMemory), "could not be started: Cannot allocate memory"),
            (.timedOut(.seconds(60)), "did not end within 60 s"),
            (.tooMuchOutput(limit: 10), "wrote more than 10 bytes"),
            (.lost(.ioError), "could not be followed to its end: Input/output error"),
        ] as [(ProgramError, String)])
    func `an error can be read behind the program's name`(_ error: ProgramError, _ text: String) {
        #expect("\(error)" == text)
    }
}

extension Program.Outcome {
    fileprivate var text: String { String(decoding: output, as: UTF8.self) }
}
