import ArgumentParser

/// What help and completion show of the command as a whole: beside the subcommands the options of `run`, which need
/// no subcommand.
///
/// Nothing is parsed by it. A command takes its options from everywhere on the line, so with these the root would take
/// `--format` away from `status`.
struct CommandOverview: ParsableCommand {
    static let configuration: CommandConfiguration = {
        var configuration = AthenaExportCommand.configuration
        configuration.usage = """
            athena-export [<options of run>]
            athena-export <subcommand>
            """
        return configuration
    }()

    @OptionGroup var options: RunOptions

    /// The text that a request for help or for a completion script asks for.
    ///
    /// - Parameter request: what parsing the arguments has thrown.
    static func text(for request: any Error) -> String {
        let text = fullMessage(for: request)
        if text == AthenaExportCommand.helpMessage() { return helpMessage() }
        return CompletionScript.corrected(text)
    }
}
