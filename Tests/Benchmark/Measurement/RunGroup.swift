import Files
import Glibc
import JSON
import Loopback
import SystemPackage

/// Runs of one content and the compressors of its bytes, turn by turn, so that load on the machine affects all of them.
struct RunGroup {
    let content: RunContent
    let runs: [WholeRun]
    let program: String
    let directory: String

    private var output: String { "\(directory)/output" }
    private var plain: String { "\(directory)/plain" }

    /// Something that takes a turn.
    private struct Contestant {
        var measurement: Measurement
        let takeTurn: () throws -> RunOutcome
    }

    func measure(samples: Int, progress: (String) -> Void) throws -> [Measurement] {
        var contestants = try runs.map { run in
            let server = try ServerProcess(
                content.table, rows: content.rows, latency: run.latency, isUnloaded: run.source == "unload")
            return Contestant(measurement: Measurement(name: run.name, rows: content.rows)) {
                try run.run(program, server: server, directory: output)
            }
        }
        for index in contestants.indices {
            progress("\(contestants[index].measurement.name): warming up")
            let isFirst = contestants.allSatisfy { $0.measurement.bytes == nil }
            // Finds out which sources the command supports, and makes the bytes for the compressors.
            contestants[index].measurement.warmUp(try contestants[index].takeTurn())
            if isFirst, contestants[index].measurement.bytes != nil { try unpack() }
        }
        let counts = contestants.compactMap(\.measurement.bytes)
        // Every source gives the same files.
        guard let bytes = counts.first else { return contestants.map(\.measurement) }
        guard counts.allSatisfy({ $0 == bytes }) else { throw DifferentFiles(content: content.name, bytes: counts) }
        contestants += Compressor.installed.map { compressor in
            let name = "\(compressor.name)/\(content.name)"
            let measurement = Measurement(name: name, rows: content.rows, compressor: compressor, bytes: bytes)
            return Contestant(measurement: measurement) {
                .measured(try compressor.run(plain, output: "\(directory)/compressed"), bytes: bytes)
            }
        }
        for turn in 1...samples {
            for index in contestants.indices where contestants[index].measurement.failure == nil {
                progress("\(contestants[index].measurement.name): \(turn) of \(samples)")
                contestants[index].measurement.add(try contestants[index].takeTurn())
            }
        }
        return contestants.map(\.measurement)
    }

    /// Decompresses the files of the previous run to one file.
    private func unpack() throws {
        let table = "\(output)/\(content.table.rawValue)"
        let manifest = JSONField(
            try JSONValue(parsing: BoundedFile.read(FilePath("\(table)/manifest.json"), limit: 1 << 30).bytes))
        let files = try manifest.member("batches").elements().map { "\(table)/\(try $0.member("path").string())" }
        let (status, _) = try ChildProcess(command: ["gzip", "-dc"] + files, output: plain).run()
        guard status == 0 else { throw SystemFailure("gzip -dc exits with \(status)", code: EIO) }
    }
}

/// Two sources of the same content gave different numbers of bytes.
private struct DifferentFiles: Error, CustomStringConvertible {
    let content: String
    let bytes: [Int]

    var description: String { "runs of \(content) write different numbers of bytes: \(bytes)" }
}

extension Measurement {
    fileprivate mutating func warmUp(_ outcome: RunOutcome) {
        switch outcome {
        case .measured(_, let bytes): self.bytes = bytes
        case .failed(let reason): failure = reason
        }
    }

    fileprivate mutating func add(_ outcome: RunOutcome) {
        switch outcome {
        case .measured(let sample, _): samples.append(sample)
        case .failed(let reason): failure = reason
        }
    }
}
