import BatchExport

/// The price of a query by the bytes that it scans: Athena's per-query pricing.
struct ScanPrice {
    /// For 10^12 bytes, in any currency.
    let perTerabyte: Double

    static let maximum = 1_000_000.0
    /// Whole megabytes are billed, and at least ten (Amazon Athena pricing, "per query").
    static let leastBytes = 10 * megabyte
    private static let megabyte = 1_000_000

    /// In whole millionths of the currency, so that a sum equals the sum of the shown amounts.
    func cost(ofScanning bytes: Int) -> Double {
        let billed = max(bytes, Self.leastBytes)
        let megabytes = billed / Self.megabyte + (billed % Self.megabyte > 0 ? 1 : 0)
        return (Double(megabytes) * perTerabyte).rounded() / 1_000_000
    }

    /// The cost of a run; nil if the service did not say how much was scanned.
    func cost(of run: Manifest.Run) -> Double? { run.dataScannedBytes.map(cost) }

    func cost(of runs: [Manifest.Run]) -> Double { runs.compactMap(cost).reduce(0, +) }
}
