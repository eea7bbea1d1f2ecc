import ArgumentParser
import SystemPackage

/// What a table's directory holds and what the next run there would do.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what a table's directory holds, how far an unfinished run got, and what the next run would do.",
        discussion: """
            Reads manifest.json and state.json and nothing else, and takes no lock, so it may be asked while a run is at \
            work.

            With --price-per-tb, a query costs that price for each 10^12 bytes scanned, rounded up to whole megabytes \
            and at least 10 of them, as Athena bills per-query pricing. Queries that failed are free; what an abandoned \
            run scanned is counted.

            Exit status: 0 done; 64 wrong arguments; 65 a manifest or state that cannot be trusted; 66 no such \
            directory, or nothing in it; 74 the answer could not be written.
            """)

    @Argument(help: ArgumentHelp("The table's directory: the one with manifest.json.", valueName: "dir"))
    var directory: String

    @Option(
        help: ArgumentHelp(
            "What Athena charges for a terabyte scanned in your region, in any currency: shows what the runs have cost.",
            valueName: "price"))
    var pricePerTB: Double?

    @Option(help: "Format of the answer.")
    var format: SummaryFormat = .text

    func validate() throws {
        if let pricePerTB, !(0...ScanPrice.maximum).contains(pricePerTB) {
            throw ValidationError("--price-per-tb: \(pricePerTB) is not from 0 to \(Int(ScanPrice.maximum))")
        }
    }

    func run() throws {
        let status = try DirectoryStatus(
            reading: FilePath(directory), price: pricePerTB.map { ScanPrice(perTerabyte: $0) })
        try Console().writeProduct(status.text(format), called: "status")
    }
}
