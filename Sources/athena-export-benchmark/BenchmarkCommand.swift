import ArgumentParser

@main
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "athena-export-benchmark",
        abstract: "Measure athena-export against a server of its own, beside gzip and pigz.",
        subcommands: [MeasureCommand.self, ServeCommand.self], defaultSubcommand: MeasureCommand.self)
}
