import Foundation
import Testing
import TestSupport

/// A shell, and a script that shows its completions.
enum CompletingShell: String, CaseIterable, Sendable {
    case bash, zsh, fish

    var path: String? {
        ["/bin/\(rawValue)", "/usr/bin/\(rawValue)"].first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The shells that this machine has.
    static var installed: [CompletingShell] { allCases.filter { $0.path != nil } }

    /// The completions of each of these lines, in a directory with `conf.json` and `sub/`.
    func offers(for lines: [String]) async throws -> [[String]] {
        try await TestMachine.withTemporaryDirectory { directory in
            let script = try await Executable.run(["--generate-completion-script", rawValue])
            try #require(script.status == 0, "\(script.errors)")
            let place = "\(directory)/place"
            try FileManager.default.createDirectory(atPath: "\(place)/sub", withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: "\(place)/conf.json"))
            try Data(script.output.utf8).write(to: URL(fileURLWithPath: "\(directory)/_athena-export"))
            try Data(Self.question[self, default: ""].utf8).write(to: URL(fileURLWithPath: "\(directory)/question"))
            try Data(Self.zshSetup.utf8).write(to: URL(fileURLWithPath: "\(directory)/setup"))
            let products = URL(fileURLWithPath: Executable.path).deletingLastPathComponent().path
            let answer = try await Executable.run(
                try #require(path), ["\(directory)/question"] + lines,
                environment: [
                    "PATH": "\(products):/usr/bin:/bin", "HOME": directory, "TERM": "dumb",
                    "ANSWER": "\(directory)/answer",
                    "SCRIPT": "\(directory)/_athena-export", "SETUP": "\(directory)/setup", "SCRIPTS": directory,
                ], directory: place)
            #expect(answer.status == 0 && answer.errors.isEmpty, "\(answer.errors)")
            // One shell puts a slash behind directories, another ends words with a blank.
            return answer.output.split(separator: "\n", omittingEmptySubsequences: false).prefix(lines.count).map {
                $0.split(separator: " ").map { $0.hasSuffix("/") ? String($0.dropLast()) : String($0) }
            }
        }
    }

    /// Scripts that print the completions of each argument on one line.
    private static let question: [CompletingShell: String] = [
        .bash: """
        . "$SCRIPT"
        for line; do
            read -ra COMP_WORDS <<<"$line"
            case "$line" in *' ') COMP_WORDS+=('') ;; esac
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
            _athena-export athena-export "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            echo "${COMPREPLY[*]}"
        done
        """,
        .fish: """
        source $SCRIPT
        for line in $argv
            echo (complete -C $line | string split -f1 \\t)
        end
        """,
        // Completion needs the line editor, which needs a terminal.
        .zsh: """
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell '. "$SETUP"'
        await() { local -i n; for n in {1..600}; do [[ -e $1 ]] && { rm $1; return }; zpty -rt shell out; sleep 0.05; done }
        await $ANSWER.ready
        for line; do
            : >$ANSWER
            zpty -wn shell "$line"$'\\t'
            await $ANSWER.done
            print -- ${(f)"$(<$ANSWER)"}
        done
        zpty -d shell
        """,
    ]

    /// Makes the completion write its result into a file, and clears the line.
    private static let zshSetup = """
        fpath=($SCRIPTS $fpath)
        autoload -U compinit
        compinit -u -D
        compadd() {
            local -a hits
            if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
            builtin compadd -A hits "$@"
            print -l -- $hits >>$ANSWER
            builtin compadd "$@"
        }
        press() { zle complete-word; BUFFER=''; : >$ANSWER.done }
        zle -N press
        bindkey '^I' press
        setopt no_beep no_list_beep
        unsetopt auto_list auto_menu list_ambiguous
        : >$ANSWER.ready
        """
}

@Suite(.limitedConcurrency) struct `Completion in shells` {
    private static let cases: [(line: String, offers: [String], isWhole: Bool)] = [
        ("athena-export --compr", ["--compression-level"], true),
        ("athena-export --que", ["--query", "--query-file", "--query-execution-id", "--query-timeout"], true),
        ("athena-export --format ", ["csv", "ndjson"], true),
        ("athena-export --source ", ["auto", "api", "s3", "unload"], true),
        ("athena-export --table x --batch-r", ["--batch-rows"], true),
        ("athena-export sta", ["status"], true), ("athena-export run --restar", ["--restart"], true),
        ("athena-export ", ["run", "check", "status", "verify", "merge", "loader", "upload", "init"], false),
        ("athena-export status --format ", ["text", "json"], true),
        ("athena-export merge sub --format ", ["csv", "ndjson"], true),
        ("athena-export loader postg", ["postgres"], true), ("athena-export --log-level wa", ["warning"], true),
        ("athena-export --config c", ["conf.json"], true), ("athena-export run --config c", ["conf.json"], true),
        ("athena-export --query-file c", ["conf.json"], true), ("athena-export --metrics-file c", ["conf.json"], true),
        ("athena-export merge sub --output c", ["conf.json"], true),
        ("athena-export --output ", ["sub"], true), ("athena-export --replay s", ["sub"], true),
        ("athena-export run --record s", ["sub"], true), ("athena-export status s", ["sub"], true),
        ("athena-export verify s", ["sub"], true), ("athena-export loader postgres s", ["sub"], true),
    ]

    @Test(arguments: CompletingShell.installed)
    func `a shell completes subcommands, options of run without it, values, files and directories`(
        _ shell: CompletingShell
    ) async throws {
        let offers = try await shell.offers(for: Self.cases.map(\.line))
        try #require(offers.count == Self.cases.count, "\(offers)")
        for (offered, expected) in zip(offers, Self.cases) {
            #expect(Set(offered).isSuperset(of: expected.offers), "\(expected.line): \(offered)")
            if expected.isWhole { #expect(Set(offered).count == expected.offers.count, "\(expected.line): \(offered)") }
        }
    }

    @Test(arguments: CompletingShell.allCases) func `each shell gets a script`(_ shell: CompletingShell) async throws {
        let outcome = try await Executable.run(["--generate-completion-script", shell.rawValue])
        #expect(outcome.status == 0 && outcome.output.contains("compression-level"))
    }
}
