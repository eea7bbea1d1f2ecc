import AWS
import BatchExport

/// How a result object is taken apart.
public struct RangeSizes: Sendable {
    /// Of one request.
    public var bytes: Int
    /// Ranges that are on their way or wait to be taken, at most.
    public var inFlight: Int
    /// Of those, how many are parsed: parsed rows take twice the memory of their text.
    public var parsed: Int

    public static let standard = RangeSizes(bytes: 1 << 20, inFlight: 10)

    public init(bytes: Int, inFlight: Int, parsed: Int = 2) {
        self.bytes = max(1, bytes)
        self.inFlight = max(1, inFlight)
        self.parsed = max(1, parsed)
    }
}

/// Reads a result object from a record's beginning to its end: ranges are fetched side by side, cut at the ends of
/// records, and parsed side by side.
///
/// Where a record ends is known as soon as it is known for the range before whether that one ends inside quotes, and
/// for this one whether its quotes are odd in number; so ranges wait for one another with nothing but the cut.
struct ResultRanges: ~Copyable {
    private let object: ResultObject
    private let columns: [ColumnInfo]
    private let sizes: RangeSizes
    /// Where the range after the last one launched begins.
    private var nextOffset: Int
    private var lastCut: Task<RangeCut, any Error>
    /// Behind ``pages``.
    private var cuts: [Task<RangeCut, any Error>] = []
    private var pages: [Task<ResultPage, any Error>] = []

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
        for task in pages { task.cancel() }
    }

    /// The page that comes next; nil after the last. Only then is one more range asked for.
    mutating func next() async throws -> ResultPage? {
        while cuts.count + pages.count < sizes.inFlight, nextOffset < object.size { launch() }
        while pages.count < sizes.parsed, !cuts.isEmpty { parse(cuts.removeFirst()) }
        guard !pages.isEmpty else { return nil }
        let (pages, cuts) = (pages, cuts)
        let result = try await withTaskCancellationHandler {
            try await pages[0].value
        } onCancel: {
            for task in pages { task.cancel() }
            for task in cuts { task.cancel() }
        }
        self.pages.removeFirst()
        return result
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
        let cut = Task { [lastCut, object] in
            try await withTaskCancellationHandler {
                RangeCut(of: try await fetched.value, after: try await lastCut.value, objectSize: object.size)
            } onCancel: {
                fetched.cancel()
            }
        }
        cuts.append(cut)
        lastCut = cut
    }

    private mutating func parse(_ cut: Task<RangeCut, any Error>) {
        pages.append(
            Task { [object, columns] in
                try await withTaskCancellationHandler {
                    try object.page(try await cut.value, columns: columns)
                } onCancel: {
                    cut.cancel()
                }
            })
    }
}

/// A range as it came, and what its quotes say.
struct FetchedRange: Sendable {
    let range: S3ObjectRange
    let hasOddQuotes: Bool
}

/// Whole records: the end of the ranges before, which no record ended in, and this range up to its last record's end.
struct RangeCut: Sendable {
    /// Of the first record, from the object's beginning.
    let offset: Int
    let head: [UInt8]
    let body: ArraySlice<UInt8>
    /// What belongs to the first record of the next range.
    let rest: [UInt8]
    let endsInQuotes: Bool
    let isLast: Bool

    /// Nothing, before the first range.
    init(before offset: Int) {
        self.offset = offset
        head = []
        body = []
        rest = []
        endsInQuotes = false
        isLast = false
    }

    init(of fetched: FetchedRange, after previous: RangeCut, objectSize: Int) {
        let bytes = fetched.range.bytes
        offset = previous.nextOffset
        isLast = fetched.range.end == objectSize
        endsInQuotes = previous.endsInQuotes != fetched.hasOddQuotes
        if isLast {
            head = previous.rest
            body = bytes[...]
            rest = []
        } else if let end = bytes.span.endOfLastRecord(endsInQuotes: endsInQuotes) {
            head = previous.rest
            body = bytes[..<end]
            rest = Array(bytes[end...])
        } else {
            // One record is longer than the range.
            head = []
            body = []
            rest = previous.rest + bytes
        }
    }

    /// Of the record behind these.
    var nextOffset: Int { offset + head.count + body.count }

    var bytes: [UInt8] {
        if head.isEmpty { return Array(body) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + body.count)
        bytes += head
        bytes += body
        return bytes
    }
}
