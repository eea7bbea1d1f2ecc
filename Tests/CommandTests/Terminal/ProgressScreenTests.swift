import Foundation
import Testing
import TestSupport

@Suite(.limitedConcurrency, .enabled(if: TerminalEmulator.isThere, TerminalEmulator.needs))
struct `The progress line on a terminal` {
    /// Exports 8,000 rows, page by page and slowly enough to be watched.
    private static func watch(
        _ terminal: TerminalEmulator, states: [String] = ["SUCCEEDED"], _ options: [String] = [],
        millisecondsPerPage: Int = 150, script: @escaping FaultScript = { _ in nil }
    ) async throws -> [TerminalScreen] {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(8000)
            result.states = states
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                script(call) ?? (call.operation == "GetQueryResults" ? .delay(.milliseconds(millisecondsPerPage)) : nil)
            }
            let (screens, status) = try await athena.serve { url in
                try await terminal.run(
                    ["--endpoint-url", url, "--output", directory, "--log-level", "error", "--batch-rows", "3000"]
                        + options)
            }
            #expect(status == 0)
            return screens
        }
    }

    /// At most one line of progress, which leaves the last column free and is gone in the end.
    private func expectOneLine(_ screens: [TerminalScreen]) throws {
        for screen in screens {
            #expect(screen.progress.count <= 1, "\(screen)")
            for line in screen.progress {
                #expect(line.count < screen.columns && screen.cursorColumn == 0, "\(screen)")
                #expect(screen.lines.count == 1, "\(screen)")
            }
        }
        let last = try #require(screens.last)
        #expect(last.progress.isEmpty && last.lines.joined().contains("exported 8,000 rows"), "\(last)")
    }

    @Test(arguments: [(40, 40), (80, 80), (132, 132), (0, 80)])
    func `progress is one line that is written over`(_ columns: Int, _ shown: Int) async throws {
        let screens = try await Self.watch(TerminalEmulator(widths: [columns]))
        try expectOneLine(screens)
        #expect(screens.allSatisfy { $0.columns == shown })
        let lines = screens.flatMap(\.progress).filter { $0.contains("of 8,000 rows") }
        #expect(!lines.isEmpty)
        let late = lines.filter { $0.contains(" left") }
        #expect(late.contains { $0.contains(" batch") } == (shown == 132), "\(lines)")
        #expect(late.contains { $0.contains(" rows/s") } == (shown > 40), "\(lines)")
    }

    @Test(arguments: TerminalEmulator.Kind.allCases, [[132, 60, 30], [40, 132, 80]])
    func `progress follows a terminal that changes its width`(_ kind: TerminalEmulator.Kind, _ widths: [Int])
        async throws
    {
        // On a busy machine, lines that come in quick succession are read as one piece.
        let screens = try await Self.watch(
            TerminalEmulator(kind: kind, widths: widths, pieces: 4), millisecondsPerPage: 400)
        try expectOneLine(screens)
        #expect(Set(screens.map(\.columns)) == Set(widths))
        #expect(widths.allSatisfy { width in screens.contains { $0.columns == width && !$0.progress.isEmpty } })
    }

    @Test func `progress has a clock that runs while the query does, and shows how much it has scanned`() async throws {
        let screens = try await Self.watch(TerminalEmulator(widths: [80]), states: ["RUNNING", "SUCCEEDED"]) { call in
            call.operation == "GetQueryExecution" && call.operationNumber == 2 ? .delay(.milliseconds(2500)) : nil
        }
        try expectOneLine(screens)
        // All of them have the figures of one answer.
        let lines = Set(screens.flatMap(\.progress).filter { $0.hasPrefix("query RUNNING") })
        #expect(lines.count > 1 && lines.allSatisfy { $0.hasSuffix(" · 4.1 KB scanned") }, "\(lines)")
    }

    @Test func `progress gives way to each line of the log`() async throws {
        let screens = try await Self.watch(TerminalEmulator(widths: [300]), ["--log-level", "debug"])
        for screen in screens {
            #expect(screen.lines.dropLast().allSatisfy { !$0.contains(" %") }, "\(screen)")
        }
        let last = try #require(screens.last).lines
        #expect(last.count { $0.contains("debug: batch published") } == 3, "\(last)")
        #expect(!last.contains { $0.contains(" %") }, "\(last)")
    }

    @Test func `progress of a directory that is verified is one line, too`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let exported = try await Executable.run([
                "--replay", customers, "--output", directory, "--batch-rows", "2",
            ])
            try #require(exported.status == 0, "\(exported.errors)")
            let (screens, status) = try await TerminalEmulator(widths: [24]).run(["verify", "\(directory)/customers"])
            #expect(status == 0)
            for screen in screens {
                let progress = screen.lines.filter { $0.contains(" %") }
                #expect(progress.count <= 1 && progress.allSatisfy { $0.count < 24 }, "\(screen)")
            }
            #expect(screens.contains { $0.lines.joined().contains(" %") })
            #expect(screens.last?.lines.joined().contains(" %") == false)
        }
    }
}

@Suite(.limitedConcurrency) struct `Progress written to a file` {
    @Test(arguments: [[], ["--log-level", "error"]])
    func `progress in a file lets each line that follows begin at the beginning of one`(_ options: [String])
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: .customers(2500), isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 3
                    ? .error("InvalidRequestException", "no") : nil
            }
            let outcome = try await athena.serve { url in
                try await Executable.run(
                    ["--endpoint-url", url, "--output", directory, "--progress", "always", "--source", "api"] + options)
            }
            #expect(outcome.status == 78, "\(outcome.errors)")
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.last?.hasPrefix("athena-export: error: ") == true, "\(outcome.errors)")
            #expect(lines.contains { $0.hasPrefix("\r\u{1b}[K") })
            #expect(lines.allSatisfy { !$0.dropFirst(3).contains("error:") || $0.hasPrefix("athena-export: ") })
        }
    }
}
