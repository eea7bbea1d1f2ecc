import Foundation
import JSON
import Testing
import TestSupport

/// The content of a terminal's screen at one moment.
struct TerminalScreen {
    let columns: Int
    /// Lines with text, without blanks at their ends.
    let lines: [String]
    let cursorColumn: Int

    /// The lines of progress.
    var progress: [String] {
        lines.filter { $0.contains(" rows") && !$0.contains("exported") || $0.hasPrefix("query ") || $0.contains(" %") }
    }
}

/// A terminal emulator with a command in it.
struct TerminalEmulator {
    /// How a terminal shows lines that are too long after it has become narrower.
    enum Kind: String, CaseIterable {
        case reflow, cut
    }

    var kind = Kind.reflow
    /// Its widths in columns, one after the other; 0 for a terminal that does not report it.
    let widths: [Int]
    /// How many pieces of output come before the next width.
    var pieces = 6

    static let needs: Comment = "needs pyte: run Tests/setup"

    /// Whether Python has the terminal emulator.
    static let isThere: Bool = {
        guard let python = TestMachine.python else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", "import pyte"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("terminal-screen.py").path

    /// Runs the command in the terminal.
    ///
    /// - Returns: the screen after each piece of output, and the exit status.
    func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (screens: [TerminalScreen], status: Int) {
        let outcome = try await Executable.run(
            try #require(TestMachine.python),
            [Self.script, kind.rawValue, widths.map(String.init).joined(separator: ","), String(pieces)]
                + [Executable.path] + arguments,
            environment: Executable.environment(environment.merging(["PYTHONIOENCODING": "utf-8"]) { $1 }))
        try #require(outcome.status == 0, "\(outcome.errors)")
        var answers = try outcome.output.split(separator: "\n").map {
            JSONField(try JSONValue(parsing: Array($0.utf8)))
        }
        let status = try answers.removeLast().member("status").integer()
        let screens = try answers.map { answer in
            TerminalScreen(
                columns: try answer.member("columns").integer(), lines: try answer.member("lines").strings(),
                cursorColumn: try answer.member("cursor").elements()[0].integer())
        }
        return (screens, status)
    }
}
