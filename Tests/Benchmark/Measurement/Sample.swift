import Glibc

/// The time and memory of one run.
struct Sample {
    var seconds = 0.0
    /// User and system time of all threads.
    var cpuSeconds = 0.0
    /// The most resident memory; nil if it cannot be measured.
    var peakBytes: Int?

    /// Runs a body and adds its time and memory.
    mutating func add(_ body: () async throws -> Void) async rethrows {
        let cpuSeconds = rusage.ofThisProcess.cpuSeconds
        let start = ContinuousClock.now
        try await body()
        seconds += start.duration(to: .now) / .seconds(1)
        self.cpuSeconds += rusage.ofThisProcess.cpuSeconds - cpuSeconds
    }
}

extension rusage {
    static var ofThisProcess: rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }

    /// User and system time.
    var cpuSeconds: Double { ru_utime.seconds + ru_stime.seconds }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
