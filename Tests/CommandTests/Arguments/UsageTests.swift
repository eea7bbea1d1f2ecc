import ArgumentParser
import Foundation
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Help` {
    @Test(arguments: [["--help"], ["-h"], ["help"]])
    func `help without a subcommand shows the options of run and every subcommand`(_ arguments: [String]) async throws {
        let help = try await Executable.run(arguments)
        #expect(help.status == 0 && help.errors.isEmpty)
        let ofRun = try await Executable.run(["run", "--help"])
        for option in ofRun.output.matches(of: /--[a-z-]+/) { #expect(help.output.contains(option.output)) }
        for command in AthenaExportCommand.configuration.subcommands {
            #expect(help.output.contains("\n  \(command._commandName) "))
        }
        #expect(help.output.contains("USAGE: athena-export [<options of run>]"))
    }

    @Test func `help of a subcommand shows its own options only`() async throws {
        let help = try await Executable.run(["merge", "--help"])
        #expect(help.output.contains("--through") && !help.output.contains("--staging-dir"))
    }

    @Test func `help calls UNLOAD experimental`() async throws {
        let help = try await Executable.run(["--help"])
        #expect(help.output.contains("unload is experimental"))
    }
}

@Suite struct `Messages about arguments` {
    private func said(_ arguments: [String]) -> String {
        do {
            _ = try AthenaExportCommand.parseAsRoot(arguments)
            return ""
        } catch {
            return ArgumentErrorText(error, arguments: arguments).text
        }
    }

    @Test(
        arguments: [
            (["--query-timeout", "10"], "write 10s, 90m or 1h30m; see athena-export run --help"),
            (["run", "--batch-rows", "x"], "write a whole number such as 1000; see athena-export run --help"),
            (["--batch-bytes", "5QB"], "write 1000000, 64KiB or 128MiB"),
            (["--format", "xml"], "write csv or ndjson;"),
            (["--format", "cvs"], "write csv or ndjson; did you mean csv? See athena-export run --help"),
            (["--source", "atuo"], "write auto, api, s3 or unload; did you mean auto?"),
            (["--log-level", "warn"], "warning, error or critical; did you mean warning?"),
            (["loader", "postgers", "x"], "did you mean postgres? See athena-export loader --help"),
            (
                ["loader", "mysql", "x"],
                "write postgres, duckdb, sqlite, redshift, snowflake, bigquery or datapackage;"
            ),
            (
                ["status", "x", "--price-per-tb", "x"],
                "write a number such as 5 or 6.25; see athena-export status --help"
            ),
            (["verify", "x", "--format", "jsno"], "did you mean json? See athena-export verify --help"),
            (["merge", "x", "--memory", "1"], "--memory: less than 64MiB; see athena-export merge --help"),
            (["merge"], "see athena-export merge --help"), (["--tabel", "x"], "Did you mean '--table'?"),
        ] as [([String], String)])
    func `an argument of a wrong form is answered with the right form and where to read on`(
        _ arguments: [String], _ words: String
    ) {
        #expect(said(arguments).contains(words), "\(said(arguments))")
        #expect(!said(arguments).contains("\n"))
    }

    @Test(arguments: [
        ("--primary-key", "--key"), ("--database-name", "--database"), ("--region-name", "--region"),
        ("--s3-staging-dir", "--staging-dir"), ("--schema-name", "--database"), ("--profile_name", "--profile"),
    ])
    func `an argument that is a key of the configuration is answered with its option`(_ key: String, _ option: String) {
        #expect(said([key, "x"]).contains("Did you mean '\(option)'?"))
    }

    @Test(arguments: [
        ["status", "x", "--summary", "json"], ["status", "x", "--log_level", "debug"],
        ["merge", "x", "--summary", "json"], ["verify", "x", "--jobs", "2"], ["verify", "x", "--restart"],
        ["upload", "x", "s3://b/", "--format", "csv"], ["init", "x", "--format", "csv"],
        ["loader", "sqlite", "x", "--output", "y"], ["loader", "sqlite", "x", "-o", "y"],
    ])
    func `an option of run that a subcommand does not have is answered so`(_ arguments: [String]) {
        let (command, option) = (arguments[0], arguments.last { $0.hasPrefix("-") } ?? "")
        #expect(
            said(arguments)
                == "Unknown option '\(option)': \(command) does not have it, run does; see athena-export \(command) --help"
        )
    }

    @Test func `a key of the configuration is answered with the option of the subcommand that has it`() {
        #expect(said(["upload", "x", "s3://b/", "--region_name", "y"]).contains("Did you mean '--region'?"))
    }

    @Test(
        arguments: [
            (["statsu", "export"], "did you mean status? See athena-export --help"), (["mrege"], "did you mean merge?"),
            (["stat"], "did you mean status?"),
            (["Verify", "x"], "did you mean verify?"), (["statsu", "--format", "json"], "did you mean status?"),
            (["export"], "there are run, init, check, status, verify, merge, loader"),
        ] as [([String], String)])
    func `an argument that is no subcommand is answered with the nearest one, or all`(
        _ arguments: [String], _ words: String
    ) {
        #expect(said(arguments).hasPrefix("there is no subcommand '\(arguments[0])'; "), "\(said(arguments))")
        #expect(said(arguments).contains(words), "\(said(arguments))")
    }

    @Test func `a wrong argument is reported in one line by the command`() async throws {
        for arguments in [["statsu"], ["--query-timeout", "10"], ["loader", "x", "y"]] {
            expectError(try await Executable.run(arguments), 64, ["athena-export", "--help"])
        }
    }
}

@Suite struct `Suggestions for misspelt names` {
    @Test(arguments: [
        ("tabel", "table"), ("tabl", "table"), ("tablee", "table"), ("TABLE", "table"), ("statsu", "status"),
        ("compresion_level", "compression_level"), ("expected_bucket_ownr", "expected_bucket_owner"),
    ])
    func `a misspelt name is near to the one that is meant`(_ word: String, _ name: String) {
        #expect(
            Suggestion.nearest(to: word, among: ["table", "status", "compression_level", "expected_bucket_owner"])
                == name)
    }

    @Test(arguments: ["", "x", "colour", "elbat", String(repeating: "table", count: 20)])
    func `a name that is far from all others has no suggestion`(_ word: String) {
        #expect(Suggestion.nearest(to: word, among: ["table", "status", "csv"]) == nil)
    }
}
