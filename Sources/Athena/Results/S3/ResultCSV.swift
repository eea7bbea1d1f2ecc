package import BatchExport
import JSON
import Text

/// A place in a result object that is not CSV as Athena writes it.
package struct ResultCSVError: Error, Equatable {
    /// From the beginning of the bytes that were read.
    var offset: Int
    let reason: String
    /// The bytes there are no UTF-8; the records may be right all the same.
    var isNotUTF8 = false
}

/// Reads the CSV of result objects.
///
/// Athena's dialect: every value in quotes, a quote inside doubled, NULL is nothing between the commas. Records end in LF;
/// CR and LF inside quotes are data. Unquoted values, and CR LF at the end of a record, are accepted. Everything else is an
/// error, above all a quote that stays open: the object was cut off.
package enum ResultCSV {
    /// Reads whole records; the last one may lack its line end.
    ///
    /// The bytes become the block's buffer: cells point into it, and doubled quotes are made single where they stand,
    /// in a copy if the bytes are shared.
    ///
    /// - Parameter range: of the records in the bytes; nil for all of these.
    package static func rows(
        in bytes: consuming [UInt8], range: Range<Int>? = nil, columnCount: Int
    ) throws(ResultCSVError) -> RowBlock {
        let range = range ?? bytes.indices
        var parser = ResultCSVParser(columnCount: columnCount)
        var cells = try parser.cells(of: bytes.span.extracting(..<range.upperBound), from: range.lowerBound)
        parser.joinDoubledQuotes(in: &bytes, &cells)
        return RowBlock(
            bytes: bytes, cells: cells, columnCount: columnCount, hasUnloadableCells: parser.hasUnloadableCells)
    }
}

private struct ResultCSVParser {
    private(set) var hasUnloadableCells = false
    /// Cells whose text still holds doubled quotes, and where the first of them stands.
    private var doubled: [(cell: Int, quote: Int)] = []
    private let columnCount: Int

    init(columnCount: Int) {
        self.columnCount = columnCount
    }

    mutating func cells(of text: Span<UInt8>, from start: Int) throws(ResultCSVError) -> [RowBlock.Cell] {
        var cells: [RowBlock.Cell] = []
        var offset = start
        var quotes = QuoteFinder(from: start)
        while offset < text.count {
            let before = cells.count
            // A cell takes ten bytes and more in most tables; room that is not used costs nothing. Asked for none, the
            // standard library writes to the empty array, which all threads share.
            let room = max(1, columnCount, (text.count - offset) / 10)
            try cells.append(addingCapacity: room) { (output) throws(ResultCSVError) in
                // Copies, which can stand in registers.
                var (place, finder) = (offset, quotes)
                while place < text.count, output.freeCapacity >= columnCount {
                    place = try parseRecord(text, at: place, &finder, into: &output, after: before)
                }
                (offset, quotes) = (place, finder)
            }
        }
        return cells
    }

    /// - Parameters:
    ///   - quotes: those from the offset on.
    ///   - before: cells in front of the output.
    @inline(__always)
    private mutating func parseRecord(
        _ text: Span<UInt8>, at start: Int, _ quotes: inout QuoteFinder, into output: inout OutputSpan<RowBlock.Cell>,
        after before: Int
    ) throws(ResultCSVError) -> Int {
        var offset = start
        var fields = 0
        while true {
            offset = try parseField(text, at: offset, &quotes, into: &output, after: before)
            fields &+= 1
            guard offset < text.count, text[offset] == .comma, fields < columnCount else { break }
            offset &+= 1
        }
        guard fields == columnCount, offset < text.count, text[offset] == .lineFeed else {
            return try endOfRecord(text, from: start, at: offset, fields)
        }
        return offset &+ 1
    }

    /// - Parameter offset: behind the last of its fields.
    @inline(never)
    private func endOfRecord(
        _ text: Span<UInt8>, from start: Int, at offset: Int, _ fields: Int
    ) throws(ResultCSVError) -> Int {
        let end = offset < text.count ? try endOfLine(text, at: offset) : offset
        guard fields == columnCount else {
            throw ResultCSVError(
                offset: start, reason: "a record has \(fields) values, but there are \(columnCount) columns")
        }
        return end
    }

    private func endOfLine(_ text: Span<UInt8>, at offset: Int) throws(ResultCSVError) -> Int {
        switch text[offset] {
        case .lineFeed: return offset &+ 1
        case .carriageReturn where offset + 1 < text.count && text[offset + 1] == .lineFeed: return offset &+ 2
        case .comma:
            throw ResultCSVError(
                offset: offset, reason: "a record has more values than there are columns, which are \(columnCount)")
        default: throw ResultCSVError(offset: offset, reason: "a value continues after its closing quote")
        }
    }

    /// - Returns: where the comma or the line end behind the field stands.
    @inline(__always)
    private mutating func parseField(
        _ text: Span<UInt8>, at start: Int, _ quotes: inout QuoteFinder, into output: inout OutputSpan<RowBlock.Cell>,
        after before: Int
    ) throws(ResultCSVError) -> Int {
        guard start < text.count, text[start] == .quote else {
            let end = try endOfBare(text, at: start)
            output.append(start == end ? .null : try bareCell(text, in: start..<end))
            return end
        }
        // A bare value has no quotes, so the next one is this one.
        quotes.skip(in: text)
        let end = quotes.next(in: text)
        if !quotes.hasNotice, end &+ 1 < text.count, text[end &+ 1] != .quote, end &- start > 1 {
            output.append(
                RowBlock.Cell(start: start &+ 1, count: end &- start &- 1, traits: [.plainJSON, .plainCSV]))
            return end &+ 1
        }
        var finder = quotes
        let (cell, offset) = try otherCell(text, at: start, until: end, &finder, number: before &+ output.count)
        quotes = finder
        output.append(cell)
        return offset
    }

    /// A value that is empty, contains special characters or doubled quotes, or ends the text.
    ///
    /// - Parameters:
    ///   - end: of the first quote in it or behind it.
    ///   - number: of the cell.
    @inline(never)
    private mutating func otherCell(
        _ text: Span<UInt8>, at start: Int, until end: Int, _ quotes: inout QuoteFinder, number: Int
    ) throws(ResultCSVError) -> (cell: RowBlock.Cell, end: Int) {
        var end = end
        var firstDoubled: Int?
        while end &+ 1 < text.count, text[end &+ 1] == .quote {
            if firstDoubled == nil { firstDoubled = end }
            quotes.skip(in: text)
            end = quotes.next(in: text)
        }
        guard end < text.count else {
            throw ResultCSVError(offset: start, reason: "the text ends inside quotes, so the object was cut off")
        }
        let value = start &+ 1..<end
        var traits: RowBlock.Traits = [.plainJSON, .plainCSV]
        if quotes.takeNotice() {
            let marks = text.textMarks(in: value)
            if marks.hasSpecials { traits = specialTraits(of: text, in: value) }
            if marks.hasCommas { traits.remove(.plainCSV) }
            if marks.hasNonASCII { try checkUTF8(text, in: value) }
        }
        if value.isEmpty { traits.remove(.plainCSV) }
        if let firstDoubled {
            traits.subtract([.plainJSON, .plainCSV])
            doubled.append((number, firstDoubled))
        }
        return (RowBlock.Cell(start: value.lowerBound, count: value.count, traits: traits), end &+ 1)
    }

    /// Nothing, which is NULL, in most cases.
    @inline(__always)
    private func endOfBare(_ text: Span<UInt8>, at start: Int) throws(ResultCSVError) -> Int {
        if start < text.count, text[start] == .comma || text[start] == .lineFeed { return start }
        return try endOfBareText(text, from: start)
    }

    @inline(never)
    private func endOfBareText(_ text: Span<UInt8>, from start: Int) throws(ResultCSVError) -> Int {
        var offset = start
        while offset < text.count {
            switch text[offset] {
            case .comma, .lineFeed: return offset
            case .carriageReturn where offset + 1 < text.count && text[offset + 1] == .lineFeed: return offset
            case .quote:
                throw ResultCSVError(offset: offset, reason: "a quote stands in a value that does not begin with one")
            default: offset &+= 1
            }
        }
        return offset
    }

    @inline(never)
    private mutating func bareCell(_ text: Span<UInt8>, in range: Range<Int>) throws(ResultCSVError) -> RowBlock.Cell {
        try checkUTF8(text, in: range)
        return RowBlock.Cell(start: range.lowerBound, count: range.count, traits: specialTraits(of: text, in: range))
    }

    private mutating func specialTraits(of text: Span<UInt8>, in range: Range<Int>) -> RowBlock.Traits {
        var traits: RowBlock.Traits = .plainJSON
        for offset in range {
            let byte = text[offset]
            if byte < .space || byte == .backslash { traits.remove(.plainJSON) }
            if byte == 0 {
                traits.insert(.nul)
                hasUnloadableCells = true
            }
        }
        return traits
    }

    private func checkUTF8(_ text: Span<UInt8>, in range: Range<Int>) throws(ResultCSVError) {
        do {
            _ = try UTF8Span(validating: text.extracting(range))
        } catch {
            throw ResultCSVError(
                offset: range.lowerBound + error.byteOffsets.lowerBound, reason: "the text is not valid UTF-8",
                isNotUTF8: true)
        }
    }

    /// Makes single quotes of the doubled ones in place, after the CSV has been read.
    func joinDoubledQuotes(in buffer: inout [UInt8], _ cells: inout [RowBlock.Cell]) {
        guard !doubled.isEmpty else { return }
        var bytes = buffer.mutableSpan
        var cells = cells.mutableSpan
        for (index, quote) in doubled {
            let range = cells[index].range
            var source = quote
            var target = quote
            while source < range.upperBound {
                let byte = bytes[source]
                bytes[target] = byte
                target &+= 1
                // Inside quotes, a quote is always one of a pair.
                source &+= byte == .quote ? 2 : 1
            }
            cells[index] = RowBlock.Cell(
                start: range.lowerBound, count: target &- range.lowerBound, traits: cells[index].traits)
        }
    }
}

/// Finds the quotes of a text one after another, and notices special bytes inside of them on the way.
private struct QuoteFinder {
    /// Where the current sixty-four bytes begin, and the quotes in them that are still to come.
    private var block: Int
    private var quotes: UInt64 = 0
    /// The other bytes of ``CSVMarks`` inside quotes, behind the newest quote.
    private var others: UInt64 = 0
    /// All ones if the next block begins inside quotes.
    private var beginsInQuotes: UInt64 = 0
    private var notice: UInt64 = 0

    /// - Parameter start: outside of quotes.
    init(from start: Int) {
        block = start - 64
    }

    /// The next quote; the end of the text if there is none.
    @inline(__always)
    mutating func next(in text: Span<UInt8>) -> Int {
        guard hasNext(in: text) else { return text.count }
        let place = quotes.trailingZeroBitCount
        let before = (1 &<< UInt64(place)) &- 1
        notice |= others & before
        others &= ~before
        quotes &= quotes &- 1
        return block &+ place
    }

    /// Skips the next quote, which opens.
    @inline(__always)
    mutating func skip(in text: Span<UInt8>) {
        if hasNext(in: text) { quotes &= quotes &- 1 }
    }

    @inline(__always)
    private mutating func hasNext(in text: Span<UInt8>) -> Bool {
        while quotes == 0 {
            guard block &+ 64 < text.count else { return false }
            block &+= 64
            notice |= others
            (quotes, others, beginsInQuotes) = Self.look(at: text, block, beginsInQuotes)
        }
        return true
    }

    @inline(never)
    private static func look(
        at text: Span<UInt8>, _ offset: Int, _ beginsInQuotes: UInt64
    ) -> (quotes: UInt64, others: UInt64, endsInQuotes: UInt64) {
        let marks = CSVMarks(text, at: offset)
        // Each bit becomes the parity of the quotes up to its own: the opening quotes, and what is behind them.
        var inQuotes = marks.quotes
        inQuotes ^= inQuotes &<< 1
        inQuotes ^= inQuotes &<< 2
        inQuotes ^= inQuotes &<< 4
        inQuotes ^= inQuotes &<< 8
        inQuotes ^= inQuotes &<< 16
        inQuotes ^= inQuotes &<< 32
        inQuotes ^= beginsInQuotes
        return (marks.quotes, marks.others & inQuotes, 0 &- (inQuotes &>> 63))
    }

    /// Whether any of the other bytes stood between the quotes since the notice was last taken.
    var hasNotice: Bool { notice != 0 }

    @inline(__always)
    mutating func takeNotice() -> Bool {
        defer { notice = 0 }
        return notice != 0
    }
}
