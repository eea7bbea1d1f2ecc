import ArgumentParser
import CGlibc

@main
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "athena-export-benchmark",
        abstract: "Measure athena-export against a server of its own, beside gzip and pigz.",
        subcommands: [MeasureCommand.self, ServeCommand.self], defaultSubcommand: MeasureCommand.self)

    static func main() async {
        // As the measured command does.
        cglibc_keep_freed(32 << 20)
        await main(nil)
    }
}
