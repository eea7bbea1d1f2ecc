import ArgumentParser
import BatchExport
import Foundation
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Options of the command` {
    /// Every option that takes a value, with one that it takes.
    private static let options = [
        "--config": "", "--query": "SELECT 1", "--query-file": "/nonexistent", "--parameter": "1",
        "--query-execution-id": "id", "--database": "d", "--catalog": "c", "--work-group": "w",
        "--staging-dir": "s3://bucket/", "--expected-bucket-owner": "111122223333",
        "--kms-key": "arn:aws:kms:us-east-1:111122223333:key/mrk-1", "--reuse-results": "60m", "--region": "us-east-1",
        "--profile": "p", "--endpoint-url": "http://h/",
        "--table": "t", "--key": "k", "--write-mode": "upsert", "--on-schema-change": "fail", "--format": "csv",
        "--output": "o", "-o": "o", "--batch-rows": "1",
        "--batch-bytes": "1KiB", "--compression-level": "1", "--source": "api", "--unload-to": "s3://bucket/",
        "--nested": "text", "--replay": "r", "--record": "r",
        "--query-timeout": "1m", "--max-attempts": "1", "--jobs": "1", "--run-id": "x", "--progress": "never",
        "--log-level": "info", "--log-format": "json", "--summary": "json",
        "--cursor-column": "c", "--cursor-start": "0", "--prune-runs": "1", "--max-deletes": "1", "--metrics-file": "m",
        "--only": "t", "--parallel": "2", "--upload": "s3://bucket/p/",
    ]

    @Test func `every option that takes a value is tested here`() {
        let help = AthenaExportCommand.helpMessage(for: RunCommand.self)
        let named = help.split(separator: "\n").compactMap { line -> Substring? in
            let text = line.drop { $0 == " " }
            guard text.hasPrefix("-"), text.contains("<") else { return nil }
            return text.split { " ,".contains($0) }.first { $0.hasPrefix("--") }
        }
        #expect(named.count >= 28)
        for option in named { #expect(Self.options.keys.contains(String(option)), "\(option)") }
    }

    @Test(arguments: options.keys.sorted()) func `an option without its value is refused by its name`(_ option: String)
    {
        ConfigurationCheck([option]).expectRefused(.usage, [option])
    }

    @Test(arguments: options.keys.sorted()) func `an option with an empty value is refused by its name`(
        _ option: String
    ) {
        ConfigurationCheck([option, ""]).expectRefused(.usage, [option == "-o" ? "--output" : option])
    }

    /// Statements and literals of SQL may contain any character, and so may names of files that are read.
    private static let free: Set<String> = ["--query", "--parameter", "--config", "--query-file", "--key"]

    @Test(arguments: options.keys.sorted().filter { !free.contains($0) }, ["a\u{1b}[31mb", "a\n"])
    func `an option with a control character is refused by its name`(_ option: String, _ value: String) {
        ConfigurationCheck([option, value]).expectRefused(.usage, [option == "-o" ? "--output" : option])
    }

    @Test func `an option given twice has its second value`() throws {
        let configuration = try ConfigurationCheck.configuration(["--table", "a", "--batch-rows", "1", "--table", "b"])
        #expect(configuration.directory.table == "b")
    }

    @Test(arguments: [
        "12x", "", " 1", "1 ", "-1", "0x10", "1e3", "٣", "9223372036854775808", "99999999999999999999", "1.0", "1,000",
    ])
    func `an option with a number takes nothing else`(_ text: String) {
        for option in ["--batch-rows", "--batch-bytes", "--prune-runs", "--max-deletes"] {
            ConfigurationCheck(["\(option)=\(text)"]).expectRefused(.usage, [option])
        }
    }

    @Test(arguments: ["0s", "5", "m", "1h30", "-1m", "1.5h", "1w", "99999999999d", "1 m", "٣m"])
    func `an option with a time takes nothing else`(_ text: String) {
        ConfigurationCheck(["--query-timeout=\(text)"]).expectRefused(.usage, ["--query-timeout"])
    }

    @Test(arguments: [
        ["extra"], ["--", "extra"], ["--no-such"], ["-x"], ["--table"], ["--restart=yes"], ["run", "run"],
    ])
    func `an unknown option is refused`(_ arguments: [String]) {
        ConfigurationCheck(arguments).expectRefused(.usage, [])
    }
}

@Suite(.limitedConcurrency) struct `Names of tables` {
    private static let plain = [
        "a", "A", "0", "customers", "a_b", "a-b", "a.b", "a..b", "2026.01", "a-", "a_", "a.",
        String(repeating: "a", count: 200), "CON", "manifest.json", "data",
    ]
    private static let tricks = [
        "", ".", "..", "...", ".a", "_a", "-a", "--", "a/b", "/a", "a/", "../a", "a/../b", "a\\b", "\\", "a b", " a",
        "a ",
        "a\tb", "a\nb", "a\rb", "a\0b", "a\u{1b}b", "a\u{7f}", "a\u{80}", "a\u{202e}b", "ä", "а", "ａ", "a\u{301}",
        "a:b",
        "a*", "a?", "a\"b", "a'b", "a`b", "a$b", "a;b", "a|b", "a&b", "a<b", "a>b", "a(b)", "a#b", "a%2fb", "a@b",
        "a=b",
        "a,b", "~", "~root", String(repeating: "a", count: 201),
    ]

    @Test(arguments: plain) func `a table name is taken where every file system takes it`(_ name: String) {
        #expect(ConfigurationCheck { $0.table = name } == .accepted)
    }

    @Test(arguments: tricks) func `a table name is refused where it could lead to another place`(_ name: String) {
        ConfigurationCheck { $0.table = name }.expectRefused(.usage, ["--table"])
    }

    @Test func `a table name in the configuration is refused by the same rule`() async throws {
        for name in Self.tricks {
            let text = #"{"table":""# + name.unicodeScalars.map { "\\u" + hexadecimal($0) }.joined() + #""}"#
            try await ConfigurationCheck.file(text.utf8).expectRefused(.configuration, ["table"], "\(name)")
        }
    }

    private func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
