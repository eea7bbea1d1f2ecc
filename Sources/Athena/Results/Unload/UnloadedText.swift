import AWS
import BatchExport
import Gzip
import Threading

/// Whole lines of one unloaded object.
struct UnloadedLines: Sendable {
    let place: UnloadedPlace
    /// The lines, and how many bytes of them were read. They are taken while they are read: what decodes escapes in them
    /// must be the only one that holds them.
    let content: Locked<(bytes: [UInt8], read: Int)>
    /// Where the lines behind these begin; nil at the end of the last object.
    let next: UnloadedPlace?

    init(place: UnloadedPlace, bytes: [UInt8], next: UnloadedPlace?) {
        self.place = place
        content = Locked((bytes, 0))
        self.next = next
    }
}

/// A place in the text of unloaded objects.
struct UnloadedPlace: Sendable, Hashable {
    /// From 0, in the order of reading.
    let object: Int
    /// In bytes from the beginning of the object's text.
    let offset: Int
}

/// The text of unloaded objects from a place on, one object after another, in pieces of whole lines.
///
/// Calls of ``next()`` must not overlap.
actor UnloadedText {
    private let objects: [UnloadedObject]
    private var ranges: UnloadedRanges?
    private var inflater = ObjectInflater()
    /// The object that is being read, and where in its text ``pending`` begins.
    private var object: Int
    private var offset = 0
    /// Text of that object that was not given away: less than a line before each call.
    private var pending: [UInt8] = []
    /// Bytes of the object's text in front of the place that the reading begins with.
    private var skipped: Int
    private var isAtEnd = false

    private let longestRow: Int

    /// Of a piece, unless one line is longer.
    private static let pieceBytes = 1 << 20

    init(of objects: [UnloadedObject], from place: UnloadedPlace, client: S3Client, sizes: RangeSizes) {
        self.objects = objects
        object = place.object
        skipped = place.offset
        longestRow = sizes.longestRow
        ranges = UnloadedRanges(of: objects, from: place.object, client: client, sizes: sizes)
    }

    /// - Returns: nil behind the last piece.
    /// - Throws: ``AthenaExportError``, or `RowTooLong`.
    func next() async throws -> UnloadedLines? {
        guard !isAtEnd else { return nil }
        guard objects.indices.contains(object) else {
            isAtEnd = true
            return UnloadedLines(place: UnloadedPlace(object: object, offset: 0), bytes: [], next: nil)
        }
        while true {
            let searched = pending.count
            guard try await appendText() else { return try endOfObject() }
            guard pending.count >= Self.pieceBytes,
                let end = pending[searched...].lastIndex(of: UInt8(ascii: "\n")).map({ $0 + 1 })
            else {
                // The lines in front of the last one have less than a piece.
                guard pending.count <= longestRow + Self.pieceBytes else {
                    throw RowTooLong(
                        rowsBefore: pending.count { $0 == UInt8(ascii: "\n") }, limit: longestRow)
                }
                continue
            }
            let lines = Array(pending[..<end])
            let place = UnloadedPlace(object: object, offset: offset)
            pending.removeSubrange(..<end)
            offset += end
            return UnloadedLines(
                place: place, bytes: lines, next: UnloadedPlace(object: object, offset: offset))
        }
    }

    /// - Returns: whether there was more of the object.
    private func appendText() async throws -> Bool {
        if inflater.isHungry {
            // Taken out while it is awaited; ranges that fail leave nothing to continue with.
            var ranges = self.ranges.take()
            let bytes = try await ranges?.next(of: object)
            self.ranges = consume ranges
            guard let bytes else { return false }
            inflater.feed(bytes)
        }
        do {
            let before = pending.count
            try inflater.appendText(to: &pending)
            if skipped > 0 {
                let count = min(skipped, pending.count - before)
                pending.removeFirst(count)
                skipped -= count
                offset += count
            }
        } catch {
            throw malformed("\(error)")
        }
        return true
    }

    private func endOfObject() throws -> UnloadedLines {
        guard inflater.isComplete else { throw malformed("it ends inside gzip, so it was cut off") }
        guard skipped == 0 else { throw malformed("it ends before the place that was exported to") }
        let place = UnloadedPlace(object: object, offset: offset)
        let lines = pending
        pending = []
        offset = 0
        object += 1
        inflater = ObjectInflater()
        isAtEnd = object == objects.count
        return UnloadedLines(
            place: place, bytes: lines, next: isAtEnd ? nil : UnloadedPlace(object: object, offset: 0))
    }

    private func malformed(_ reason: String) -> AthenaExportError {
        .unload(
            .malformed(objects[object].location, offset: offset + pending.count, column: nil, reason: reason))
    }
}

/// The bytes of objects one after another, fetched ahead also across the end of an object.
struct UnloadedRanges: ~Copyable {
    private let objects: [UnloadedObject]
    private let client: S3Client
    private let bytes: Int
    private let inFlight: Int
    /// Of the range after the last one launched.
    private var next: UnloadedPlace
    private var ranges: [(object: Int, task: Task<[UInt8], any Error>)] = []

    init(of objects: [UnloadedObject], from object: Int, client: S3Client, sizes: RangeSizes) {
        self.objects = objects
        self.client = client
        // Two bytes tell gzip.
        bytes = max(2, sizes.bytes)
        inFlight = sizes.inFlight
        next = UnloadedPlace(object: object, offset: 0)
    }

    deinit {
        for range in ranges { range.task.cancel() }
    }

    /// The next bytes of an object; nil behind its last.
    mutating func next(of object: Int) async throws -> [UInt8]? {
        while ranges.count < inFlight, next.object < objects.count { launch() }
        guard let first = ranges.first, first.object == object else { return nil }
        let bytes = try await withTaskCancellationHandler {
            try await first.task.value
        } onCancel: {
            first.task.cancel()
        }
        ranges.removeFirst()
        return bytes
    }

    private mutating func launch() {
        let object = objects[next.object]
        let range = next.offset..<min(next.offset + bytes, object.size)
        if !range.isEmpty {
            ranges.append((next.object, Task { [client] in try await object.read(range, client) }))
        }
        next =
            range.upperBound < object.size
            ? UnloadedPlace(object: next.object, offset: range.upperBound)
            : UnloadedPlace(object: next.object + 1, offset: 0)
    }
}
