import AWS
import BatchExport
import Threading

/// How a result object is divided into requests.
package struct RangeSizes: Sendable {
    /// Bytes of one request.
    package var bytes: Int
    /// Most ranges that are on their way or wait for the reader.
    package var inFlight: Int
    /// Most of those that are parsed: parsed rows take twice the memory of their text.
    package var parsed: Int
    /// Most bytes of one record or line.
    package var longestRow = LongestRow.bytes

    package static let standard = RangeSizes(bytes: 1 << 20, inFlight: 10)

    package init(bytes: Int, inFlight: Int, parsed: Int = 2) {
        self.bytes = max(1, bytes)
        self.inFlight = max(1, inFlight)
        self.parsed = max(1, parsed)
    }
}

/// Reads a result object from a record's beginning to its end: ranges are fetched side by side, cut at the ends of
/// records, and parsed side by side.
///
/// The cut of a range depends on whether the range before it ends inside quotes and on whether its own number of quotes
/// is odd. So a range waits for the one before it only until that is cut.
struct ResultRanges: ~Copyable {
    private let object: ResultObject
    private let columns: [ColumnInfo]
    private let sizes: RangeSizes
    /// Where the range after the last one launched begins.
    private var nextOffset: Int
    private var lastCut: Task<RangeCut, any Error>
    /// Cuts of the ranges behind ``parsed``.
    private var cuts: [Task<RangeCut, any Error>] = []
    private var parsed: [Task<[ResultPage], any Error>] = []
    /// Pages of the range before those.
    private var pages: ArraySlice<ResultPage> = []

    /// - Parameter first: the range that the reading begins with.
    init(of object: ResultObject, columns: [ColumnInfo], sizes: RangeSizes, first: S3ObjectRange) {
        self.object = object
        self.columns = columns
        self.sizes = sizes
        nextOffset = first.end
        let start = first.offset
        lastCut = Task { RangeCut(before: start) }
        append { first }
    }

    deinit {
        for task in cuts { task.cancel() }
        for task in parsed { task.cancel() }
    }

    /// The next page; nil after the last. Only then is one more range requested.
    mutating func next() async throws -> ResultPage? {
        while pages.isEmpty {
            while cuts.count + parsed.count < sizes.inFlight, nextOffset < object.size { launch() }
            while parsed.count < sizes.parsed, !cuts.isEmpty { parse(cuts.removeFirst()) }
            guard !parsed.isEmpty else { return nil }
            let (parsed, cuts) = (parsed, cuts)
            pages = try await withTaskCancellationHandler {
                try await parsed[0].value[...]
            } onCancel: {
                for task in parsed { task.cancel() }
                for task in cuts { task.cancel() }
            }
            self.parsed.removeFirst()
        }
        return pages.removeFirst()
    }

    private mutating func launch() {
        let range = nextOffset..<min(nextOffset + sizes.bytes, object.size)
        nextOffset = range.upperBound
        append { [object] in try await object.read(range) }
    }

    private mutating func append(_ fetch: @escaping @Sendable () async throws -> S3ObjectRange) {
        let fetched = Task {
            let range = try await fetch()
            return FetchedRange(range: range, hasOddQuotes: range.bytes.span.hasOddQuotes)
        }
        let cut = Task { [lastCut, object, longestRow = sizes.longestRow] in
            try await withTaskCancellationHandler {
                try RangeCut(
                    of: try await fetched.value, after: try await lastCut.value, objectSize: object.size,
                    longestRow: longestRow)
            } onCancel: {
                fetched.cancel()
            }
        }
        cuts.append(cut)
        lastCut = cut
    }

    private mutating func parse(_ cut: Task<RangeCut, any Error>) {
        parsed.append(
            Task { [object, columns] in
                try await withTaskCancellationHandler {
                    try await cut.value.pages(of: object, columns: columns)
                } onCancel: {
                    cut.cancel()
                }
            })
    }
}

/// The bytes of a record whose end is not there yet: a piece of each range that it reaches into. They are put together once
/// the end is there, since a record can reach into many ranges.
private struct RecordBeginning: Sendable {
    private var pieces: [[UInt8]] = []
    private(set) var count = 0

    init() {}

    init(_ piece: [UInt8]) {
        pieces = [piece]
        count = piece.count
    }

    func continued(by piece: [UInt8]) -> RecordBeginning {
        var longer = self
        longer.pieces.append(piece)
        longer.count += piece.count
        return longer
    }

    func bytes(before end: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + end.count)
        for piece in pieces { bytes += piece }
        bytes += end
        return bytes
    }
}

/// A range as it was received, and whether its quotes are odd in number.
struct FetchedRange: Sendable {
    let range: S3ObjectRange
    let hasOddQuotes: Bool
}

/// The whole records that end in one range, with the beginning of the first one from the ranges before.
struct RangeCut: Sendable {
    /// The offset of the first record in the object.
    let offset: Int
    /// The beginning of the first record, from earlier ranges.
    private let head: RecordBeginning
    private let beginsInQuotes: Bool
    /// The bytes of the range. Parsing takes them out of here: this cut stays in memory as long as the next range needs
    /// it, and shared bytes would be copied when a doubled quote in them is made single.
    private let bytes: Locked<[UInt8]>
    /// The end of the last record in ``bytes``.
    private let end: Int
    /// The beginning of the next range's first record.
    private let rest: RecordBeginning
    private let endsInQuotes: Bool
    let isLast: Bool

    /// Nothing, before the first range.
    init(before offset: Int) {
        self.offset = offset
        head = RecordBeginning()
        beginsInQuotes = false
        bytes = Locked([])
        end = 0
        rest = RecordBeginning()
        endsInQuotes = false
        isLast = false
    }

    /// - Parameter longestRow: the most bytes that a record may have in the ranges before.
    /// - Throws: if one has more; the records in front of it are those of the ranges before.
    init(
        of fetched: FetchedRange, after previous: RangeCut, objectSize: Int, longestRow: Int = LongestRow.bytes
    ) throws(RowTooLong) {
        guard previous.rest.count <= longestRow else { throw RowTooLong(rowsBefore: 0, limit: longestRow) }
        let bytes = fetched.range.bytes
        offset = previous.nextOffset
        beginsInQuotes = previous.endsInQuotes
        isLast = fetched.range.end == objectSize
        endsInQuotes = previous.endsInQuotes != fetched.hasOddQuotes
        if let end = isLast ? bytes.count : bytes.span.endOfLastRecord(endsInQuotes: endsInQuotes) {
            head = previous.rest
            self.bytes = Locked(bytes)
            self.end = end
            rest = RecordBeginning(Array(bytes[end...]))
        } else {
            // One record is longer than the range.
            head = RecordBeginning()
            self.bytes = Locked([])
            end = 0
            rest = previous.rest.continued(by: bytes)
        }
    }

    /// The offset of the record behind these.
    var nextOffset: Int { offset + head.count + end }

    /// The rows of the records, and where those behind them begin in the object; may be called once.
    ///
    /// A record that two ranges share gets a block of its own, so that the range is not copied.
    /// - Throws: with a place in the object.
    func blocks(columnCount: Int) throws(ResultCSVError) -> [(rows: RowBlock, next: Int)] {
        var blocks: [(rows: RowBlock, next: Int)] = []
        let bytes = bytes.withLock { exchange(&$0, with: []) }
        var start = 0
        if head.count > 0 {
            start = bytes.span.extracting(..<end).endOfFirstRecord(beginsInQuotes: beginsInQuotes) ?? end
            let shared = head.bytes(before: bytes[..<start])
            let rows = try Self.rows(in: shared, shared.indices, at: offset, columnCount)
            blocks.append((rows, offset + shared.count))
        }
        if start < end {
            let rows = try Self.rows(in: consume bytes, start..<end, at: offset + head.count, columnCount)
            blocks.append((rows, nextOffset))
        }
        return blocks
    }

    /// - Parameter offset: of the bytes in the object.
    private static func rows(
        in bytes: consuming [UInt8], _ range: Range<Int>, at offset: Int, _ columnCount: Int
    ) throws(ResultCSVError) -> RowBlock {
        do {
            return try ResultCSV.rows(in: bytes, range: range, columnCount: columnCount)
        } catch {
            var error = error
            error.offset += offset
            throw error
        }
    }
}
