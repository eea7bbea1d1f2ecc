import ArgumentParser
import JSON

/// Shows the content of a table's directory and what the next run there would do.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what a table's directory holds, how far an unfinished run got, and what the next run would do.",
        discussion: """
            Reads manifest.json and state.json and nothing else, and can be used while a run is at work. For the \
            directory above several tables, it shows a line for each.

            A run is running while a process works on it, interrupted if none does, and unfinished if this user may not \
            know. A user who may not read state.json sees the runs in the manifest alone.

            With --price-per-tb, a query costs that price for each 10^12 bytes scanned, rounded up to whole megabytes \
            and at least 10 of them, as Athena bills per-query pricing. Queries that failed are free; what an abandoned \
            run scanned is counted.

            Exit status: 0 done; 64 wrong arguments; 65 a manifest or state that cannot be trusted; 66 no such \
            directory, or nothing in it; 74 a file cannot be read, or the answer could not be written. Of several \
            tables, the status is that of the first that could not be read.
            """)

    @Argument(
        help: ArgumentHelp("The table's directory, or the one above several tables.", valueName: "dir"),
        completion: .directory)
    var directory: String

    @Option(
        help: ArgumentHelp(
            "What Athena charges for a terabyte scanned in your region, in any currency: shows what the runs have cost.",
            valueName: "price"))
    var pricePerTB: Double?

    @Flag(help: "Show all runs, not only the last ten. JSON has all of them anyway.")
    var all = false

    @Option(help: "Format of the answer.")
    var format: SummaryFormat = .text

    func validate() throws {
        if let pricePerTB, !(0...ScanPrice.maximum).contains(pricePerTB) {
            throw ValidationError("--price-per-tb: \(pricePerTB) is not from 0 to \(Int(ScanPrice.maximum))")
        }
    }

    func run() throws {
        let price = pricePerTB.map { ScanPrice(perTerabyte: $0) }
        switch try ReadingTarget(directory, purpose: "status") {
        case .table(let path):
            guard let status = try DirectoryStatus(reading: path, price: price) else {
                throw TableDirectory.missing(directory, purpose: "status")
            }
            try write(text: { status.text(showsAllRuns: all) }, json: { status.json })
        case .tables(let paths):
            let status = OutputStatus(reading: paths, price: price)
            try write(text: { status.text() }, json: { status.json })
            for failure in status.failures { Console().writeError(failure.message) }
            if let failure = status.failures.first { throw failure.status }
        }
    }

    private func write(text: () -> String, json: () -> JSONValue) throws(ExitStatus) {
        let answer =
            switch format {
            case .json: json().terminalText(pretty: true)
            case .text: text()
            }
        try Console().writeProduct(answer, called: "status")
    }
}
