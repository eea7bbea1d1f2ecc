import ArgumentParser

/// Help and completion of the whole command: the subcommands, and the options of `run`, which need no subcommand.
///
/// Arguments are not parsed with it. A command takes its options from everywhere on the line, so with these options the
/// root would take `--format` away from `status`.
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

    /// The text for a request for help or for a completion script.
    ///
    /// - Parameter request: what parsing the arguments has thrown.
    static func text(for request: any Error) -> String {
        let text = fullMessage(for: request)
        if text == AthenaExportCommand.helpMessage() { return helpMessage() }
        return CompletionScript.corrected(text)
    }
}
