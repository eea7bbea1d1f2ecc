/// The measurements of one thing, over several turns.
struct Measurement {
    let name: String
    let rows: Int
    /// Set for programs that runs of the same content are compared with.
    var compressor: Compressor?
    /// The bytes for the speed: those that go into a parser, those that come out of an encoder, those that go into a
    /// compressor.
    var bytes: Int?
    var samples: [Sample] = []
    /// Why it could not be measured, in the program's words.
    var failure: String?

    var seconds: Double { samples.map(\.seconds).median }
    var cpuSeconds: Double { samples.map(\.cpuSeconds).median }
    var peakBytes: Int? {
        let peaks = samples.compactMap(\.peakBytes)
        return peaks.isEmpty ? nil : Int(peaks.map(Double.init).median)
    }

    /// How many times as long as the other it takes; turn by turn, so that a slow minute affects both.
    func ratio(to other: Measurement) -> Double? {
        guard failure == nil, samples.count == other.samples.count, !samples.isEmpty else { return nil }
        return zip(samples, other.samples).map { $0.seconds / $1.seconds }.median
    }
}

extension [Double] {
    /// The mean of the two in the middle if their number is even.
    var median: Double {
        let sorted = sorted()
        let middle = count / 2
        return isEmpty ? .nan : count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
