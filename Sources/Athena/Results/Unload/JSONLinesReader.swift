package import BatchExport
import JSON
import Text

/// A place in unloaded lines that is not what Athena writes there.
package struct JSONLinesError: Error, Equatable {
    /// From the beginning of the bytes that were read.
    package let offset: Int
    /// From 0; nil if no column is at fault.
    package let column: Int?
    package let reason: String
}

/// Reads the rows of an UNLOAD: JSON objects, one a line, with the names of ``OuterSelect``.
///
/// Which library writes them is not documented, so both spellings that Athena may have are read: NaN and infinities bare or
/// as texts, characters as they are or as escapes. A name that is missing is NULL. Everything else that does not fit is an
/// error.
package struct JSONLinesReader: Sendable {
    let forms: [ColumnForm]
    /// The first eight bytes of each column's name in a line: for the first 10,000 columns that is all of it, with its quotes
    /// and the colon.
    let names: [UInt64]
    /// Cells after which a block takes no further line. A missing name is a NULL of no bytes, so short lines of a wide
    /// result would otherwise become gigabytes.
    let blockCells: Int

    init(forms: [ColumnForm], blockCells: Int = 256 << 10) {
        self.forms = forms
        self.blockCells = blockCells
        names = forms.indices.map { index in
            "\"\(OuterSelect.name(ofColumn: index))\":".utf8.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// Reads whole lines until the block has its most cells; the last line of the bytes may lack its line end.
    ///
    /// The bytes become the block's buffer: cells point into it, and escaped texts are decoded where they stand, in a copy
    /// if something else holds the bytes. Where one block does not take them all, it gets a copy of its lines.
    ///
    /// - Parameters:
    ///   - bytes: empty afterwards if they became the buffer.
    ///   - offset: of the first line to read; afterwards of the one behind the last that was read.
    /// - Throws: with a place from that first line on.
    package func rows(in bytes: inout [UInt8], at offset: inout Int) throws(JSONLinesError) -> RowBlock {
        var parser = JSONLinesParser(self)
        var cells = try parser.cells(of: bytes.span.extracting(offset...))
        let length = parser.length
        var text: [UInt8] = []
        if length == bytes.count { swap(&text, &bytes) } else { text = Array(bytes[offset..<offset + length]) }
        offset += length
        try parser.unescape(&text, &cells)
        HexadecimalText.space(parser.hexadecimals, of: &cells, in: &text)
        return RowBlock(
            bytes: text, cells: cells, columnCount: forms.count, hasUnloadableCells: parser.hasUnloadableCells)
    }
}

/// Walks the lines once, front to back.
private struct JSONLinesParser {
    private(set) var hasUnloadableCells = false
    /// In bytes.
    private(set) var length = 0
    private let reader: JSONLinesReader
    private var values = JSONLineValues()

    init(_ reader: JSONLinesReader) {
        self.reader = reader
    }

    var hexadecimals: [Int] { values.hexadecimals }

    private var columnCount: Int { reader.forms.count }

    /// - Returns: the cells of the first lines; ``length`` is then that of these lines.
    mutating func cells(of text: Span<UInt8>) throws(JSONLinesError) -> [RowBlock.Cell] {
        var cells: [RowBlock.Cell] = []
        var offset = 0
        while offset < text.count, cells.count < reader.blockCells {
            let before = cells.count
            // With its name a value takes 20 bytes and more in most tables; room that is not used costs nothing. Asked for
            // none, the standard library writes to the empty array, which all threads share.
            let room = max(1, columnCount, min((text.count - offset) / 20, reader.blockCells - before))
            try cells.append(addingCapacity: room) { (output) throws(JSONLinesError) in
                while offset < text.count, output.freeCapacity >= columnCount {
                    offset = try readLine(text, at: offset, into: &output, after: before)
                }
            }
        }
        length = offset
        return cells
    }

    /// Reads a line whose names are in the order of the columns, as all that Athena writes are.
    ///
    /// - Parameter before: cells in front of the output.
    private mutating func readLine(
        _ text: Span<UInt8>, at start: Int, into output: inout OutputSpan<RowBlock.Cell>, after before: Int
    ) throws(JSONLinesError) -> Int {
        let first = output.count
        var members = try JSONLineMembers(text, at: start)
        while true {
            let expected = output.count &- first
            guard let column = try members.next(text, reader, expected: expected) else { break }
            guard column >= expected else {
                output.removeLast(expected)
                values.forget(from: before &+ first)
                return try readLineInAnyOrder(text, at: start, into: &output, after: before)
            }
            while output.count &- first < column { output.append(.null) }
            output.append(
                try values.cell(
                    text, at: &members.offset, reader.forms[column], column, number: before &+ output.count))
        }
        while output.count &- first < columnCount { output.append(.null) }
        return try members.endOfLine(text)
    }

    @inline(never)
    private mutating func readLineInAnyOrder(
        _ text: Span<UInt8>, at start: Int, into output: inout OutputSpan<RowBlock.Cell>, after before: Int
    ) throws(JSONLinesError) -> Int {
        let first = before &+ output.count
        var row = [RowBlock.Cell?](repeating: nil, count: columnCount)
        var members = try JSONLineMembers(text, at: start)
        while let column = try members.next(text, reader, expected: columnCount) {
            guard row[column] == nil else {
                throw JSONLinesError(offset: members.offset, column: column, reason: "a name stands twice in a line")
            }
            row[column] = try values.cell(
                text, at: &members.offset, reader.forms[column], column, number: first + column)
        }
        for cell in row { output.append(cell ?? .null) }
        return try members.endOfLine(text)
    }

    /// Decodes the escaped texts in place, now that the JSON is read.
    mutating func unescape(_ buffer: inout [UInt8], _ cells: inout [RowBlock.Cell]) throws(JSONLinesError) {
        guard !values.escaped.isEmpty else { return }
        var bytes = buffer.mutableSpan
        for index in values.escaped {
            let cell = cells[index]
            let result: JSONUnescaping.Result
            do {
                result = try JSONUnescaping.decode(&bytes, in: cell.range)
            } catch {
                throw JSONLinesError(error, column: index % columnCount, at: cell.range.lowerBound)
            }
            var traits: RowBlock.Traits = []
            if result.hasNUL { traits.insert(.nul) }
            if result.hasLoneSurrogate { traits.insert(.loneSurrogate) }
            hasUnloadableCells = hasUnloadableCells || !traits.isEmpty
            cells[index] = RowBlock.Cell(start: cell.range.lowerBound, count: result.count, traits: traits)
        }
    }
}
