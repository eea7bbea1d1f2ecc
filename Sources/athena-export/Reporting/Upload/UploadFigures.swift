import Logging
import Upload

/// What is known of an upload that is at work.
struct UploadFigures: ProgressTelling {
    let start = ContinuousClock.now
    private var files = 0
    private var bytes = 0
    private var arrivedFiles = 0
    private var sentBytes = 0
    /// When it was known what is to be sent.
    private var planned: ContinuousClock.Instant?

    mutating func note(_ progress: UploadProgress, at now: ContinuousClock.Instant) {
        switch progress {
        case .planned(let files, let bytes):
            self.files = files
            self.bytes = bytes
            planned = now
        case .sent(let bytes): sentBytes += bytes
        case .arrived: arrivedFiles += 1
        }
    }

    func line(at now: ContinuousClock.Instant) -> ProgressLine {
        let rate = rate(at: now)
        return ProgressLine(
            share: bytes == 0 ? nil : min(1, Double(sentBytes) / Double(bytes)),
            "\(RunSummary.grouped(arrivedFiles)) of \(RunSummary.count(files, "file")) uploaded",
            brief: "\(RunSummary.count(arrivedFiles, "file")) uploaded", rate: "\(RunSummary.size(rate))/s",
            timeLeft: rate > 0 ? "\(RunSummary.time(max(0, bytes - sentBytes) / rate)) left" : nil)
    }

    func metadata(at now: ContinuousClock.Instant) -> Logger.Metadata {
        [
            "event": "upload_progress", "files": .stringConvertible(files), "bytes": .stringConvertible(bytes),
            "arrived_files": .stringConvertible(arrivedFiles), "sent_bytes": .stringConvertible(sentBytes),
            "bytes_per_second": .stringConvertible(rate(at: now)),
        ]
    }

    /// Bytes a second.
    private func rate(at now: ContinuousClock.Instant) -> Int {
        guard let planned, now > planned else { return 0 }
        return Int(Double(sentBytes) / (now - planned).seconds)
    }
}
