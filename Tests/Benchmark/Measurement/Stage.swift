import BatchExport
import Gzip

/// One step of an export alone, in this process, on data in memory.
struct Stage {
    let name: String
    let rows: Int
    private let prepare: () throws -> Prepared

    /// A step with its input.
    private struct Prepared {
        let bytes: Int
        /// Runs once and adds the time of the step itself.
        let run: (inout Sample) async throws -> Void
    }

    static func all(_ input: StageInput) -> [Stage] {
        [parsePages(input), parseLines(input)] + FileFormat.allCases.map { encode($0, input) }
            + FileFormat.allCases.flatMap { format in [1, 2].map { compress(format, workers: $0, input) } }
    }

    func measure(samples: Int, progress: (String) -> Void) async throws -> Measurement {
        progress("\(name): warming up")
        let prepared = try prepare()
        var warmUp = Sample()
        try await prepared.run(&warmUp)
        var measurement = Measurement(name: name, rows: rows, bytes: prepared.bytes)
        for turn in 1...samples {
            progress("\(name): \(turn) of \(samples)")
            var sample = Sample()
            try await prepared.run(&sample)
            measurement.samples.append(sample)
        }
        return measurement
    }

    private init(_ name: String, _ input: StageInput, prepare: @escaping () throws -> Prepared) {
        self.name = "stage/\(input.table)/\(name)"
        rows = input.rowCount
        self.prepare = prepare
    }
}

extension Stage {
    private static func parsePages(_ input: StageInput) -> Stage {
        Stage("parse-page-json", input) {
            let pages = input.pages
            return Prepared(bytes: pages.byteCount) { sample in
                try await sample.add(forEach: pages) { _ = try StageInput.parse($0) }
            }
        }
    }

    private static func parseLines(_ input: StageInput) -> Stage {
        Stage("parse-result-csv", input) {
            let lines = input.lines
            return Prepared(bytes: lines.byteCount) { sample in
                try await sample.add(forEach: lines) { _ = try input.parseLines($0) }
            }
        }
    }

    private static func encode(_ format: FileFormat, _ input: StageInput) -> Stage {
        Stage("encode-\(format)", input) {
            let rows = try input.rows()
            let encoder = format.encoder(for: try input.columns())
            return Prepared(bytes: try input.encoded(format).byteCount) { sample in
                try await sample.add { _ = try StageInput.encode(rows, encoder) }
            }
        }
    }

    private static func compress(_ format: FileFormat, workers: Int, _ input: StageInput) -> Stage {
        Stage("compress-\(format)/\(workers)-worker\(workers == 1 ? "" : "s")", input) {
            let chunks = try input.encoded(format)
            let compressor = ChunkCompressor(level: 6, workers: workers)
            return Prepared(bytes: chunks.byteCount) { sample in
                try await sample.add { _ = try await GzipMember(compressing: chunks, with: compressor) }
            }
        }
    }
}

extension [[UInt8]] {
    fileprivate var byteCount: Int { reduce(0) { $0 + $1.count } }
}

extension Sample {
    /// Parsers keep the bytes that they get, so each gets its own copy; the copying is not measured.
    fileprivate mutating func add(forEach pieces: [[UInt8]], _ parse: ([UInt8]) throws -> Void) async throws {
        for piece in pieces {
            let copy = [UInt8](unsafeUninitializedCapacity: piece.count) { buffer, count in
                count = buffer.initialize(fromContentsOf: piece)
            }
            try await add { try parse(copy) }
        }
    }
}
