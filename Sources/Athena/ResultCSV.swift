package import BatchExport
import JSON

/// A place in a result object that is not CSV as Athena writes it.
package struct ResultCSVError: Error, Equatable {
    /// From the beginning of the bytes that were read.
    var offset: Int
    let reason: String
}

/// Reads the CSV of result objects.
///
/// Athena's dialect: every value in quotes, a quote inside doubled, NULL is nothing between the commas, records end in
/// `\n`, and CR and LF inside quotes are data. Unquoted values and `\r\n` outside of quotes are let pass; everything
/// else that does not fit is an error, a quote that stays open above all: the object was cut off.
package enum ResultCSV {
    /// Reads whole records; the last one may lack its line end.
    ///
    /// The bytes become the block's buffer: cells point into it, and doubled quotes are made single where they stand,
    /// in a copy if somebody else holds the bytes.
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
        while offset < text.count {
            let before = cells.count
            // A cell takes ten bytes and more in most tables; room that is not used costs nothing.
            let room = max(columnCount, (text.count - offset) / 10)
            try cells.append(addingCapacity: room) { (output) throws(ResultCSVError) in
                while offset < text.count, output.freeCapacity >= columnCount {
                    offset = try parseRecord(text, at: offset, into: &output, after: before)
                }
            }
        }
        return cells
    }

    /// - Parameter before: cells in front of the output.
    private mutating func parseRecord(
        _ text: Span<UInt8>, at start: Int, into output: inout OutputSpan<RowBlock.Cell>, after before: Int
    ) throws(ResultCSVError) -> Int {
        var offset = start
        var fields = 0
        while true {
            offset = try parseField(text, at: offset, into: &output, after: before)
            fields &+= 1
            guard offset < text.count, text[offset] == 0x2c, fields < columnCount else { break }
            offset &+= 1
        }
        if offset < text.count { offset = try endOfLine(text, at: offset) }
        guard fields == columnCount else {
            throw ResultCSVError(
                offset: start, reason: "a record has \(fields) values, but there are \(columnCount) columns")
        }
        return offset
    }

    private func endOfLine(_ text: Span<UInt8>, at offset: Int) throws(ResultCSVError) -> Int {
        switch text[offset] {
        case 0x0a: return offset &+ 1
        case 0x0d where offset + 1 < text.count && text[offset + 1] == 0x0a: return offset &+ 2
        case 0x2c:
            throw ResultCSVError(
                offset: offset, reason: "a record has more values than there are columns, which are \(columnCount)")
        default: throw ResultCSVError(offset: offset, reason: "a value goes on after its closing quote")
        }
    }

    /// - Returns: where the comma or the line end behind the field stands.
    @inline(__always)
    private mutating func parseField(
        _ text: Span<UInt8>, at start: Int, into output: inout OutputSpan<RowBlock.Cell>, after before: Int
    ) throws(ResultCSVError) -> Int {
        guard start < text.count, text[start] == 0x22 else {
            let end = try endOfBare(text, at: start)
            output.append(try bareCell(text, in: start..<end))
            return end
        }
        var offset = start &+ 1
        var seen = CSVMarks()
        var firstQuote: Int?
        while true {
            while offset &+ CSVMarks.byteCount <= text.count {
                let marks = text.csvMarks(at: offset)
                if let count = marks.bytesBeforeQuote {
                    seen.formUnion(marks, ofFirst: count)
                    offset &+= count
                    break
                }
                seen.formUnion(marks)
                offset &+= CSVMarks.byteCount
            }
            guard offset < text.count else {
                throw ResultCSVError(offset: start, reason: "the text ends inside quotes, so the object was cut off")
            }
            if text[offset] != 0x22 {
                // Only in the last fifteen bytes of the text.
                seen.formUnion(CSVMarks(UInt64(text[offset]), 0), ofFirst: 1)
                offset &+= 1
            } else if offset &+ 1 < text.count, text[offset &+ 1] == 0x22 {
                if firstQuote == nil { firstQuote = offset }
                offset &+= 2
            } else {
                break
            }
        }
        let value = start &+ 1..<offset
        var traits: RowBlock.Traits = [.plainJSON, .plainCSV]
        if seen.hasSpecials { traits = specialTraits(of: text, in: value) }
        if seen.hasCommas || value.isEmpty { traits.remove(.plainCSV) }
        if let firstQuote {
            traits.subtract([.plainJSON, .plainCSV])
            doubled.append((before &+ output.count, firstQuote))
        }
        if seen.hasNonASCII { try checkUTF8(text, in: value) }
        output.append(RowBlock.Cell(start: value.lowerBound, count: value.count, traits: traits))
        return offset &+ 1
    }

    private func endOfBare(_ text: Span<UInt8>, at start: Int) throws(ResultCSVError) -> Int {
        var offset = start
        while offset < text.count {
            switch text[offset] {
            case 0x2c, 0x0a: return offset
            case 0x0d where offset + 1 < text.count && text[offset + 1] == 0x0a: return offset
            case 0x22:
                throw ResultCSVError(offset: offset, reason: "a quote stands in a value that does not begin with one")
            default: offset &+= 1
            }
        }
        return offset
    }

    /// NULL, or a value without quotes.
    private mutating func bareCell(_ text: Span<UInt8>, in range: Range<Int>) throws(ResultCSVError) -> RowBlock.Cell {
        if range.isEmpty { return .null }
        try checkUTF8(text, in: range)
        return RowBlock.Cell(start: range.lowerBound, count: range.count, traits: specialTraits(of: text, in: range))
    }

    private mutating func specialTraits(of text: Span<UInt8>, in range: Range<Int>) -> RowBlock.Traits {
        var traits: RowBlock.Traits = .plainJSON
        for offset in range {
            let byte = text[offset]
            if byte < 0x20 || byte == 0x5c { traits.remove(.plainJSON) }
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
                offset: range.lowerBound + error.byteOffsets.lowerBound, reason: "the text is not valid UTF-8")
        }
    }

    /// Makes single quotes of the doubled ones in place, now that nobody reads the CSV any more.
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
                // Inside quotes a quote never stands alone.
                source &+= byte == 0x22 ? 2 : 1
            }
            cells[index] = RowBlock.Cell(
                start: range.lowerBound, count: target &- range.lowerBound, traits: cells[index].traits)
        }
    }
}
