@testable import Athena
import AWS
import BatchExport
import JSON
import Testing
import TestSupport

private func rows(_ text: String, columns: Int = 2) throws -> [[String?]] {
    texts(try ResultCSV.rows(in: Array(text.utf8), columnCount: columns))
}

private func texts(_ block: RowBlock) -> [[String?]] {
    (0..<block.rowCount).map { row in
        block.cellIndices(ofRow: row).map { index in
            let cell = block.cells[index]
            return cell.isNull ? nil : String(decoding: block.bytes[cell.range], as: UTF8.self)
        }
    }
}

/// The records of ranges of this size, cut as a reader cuts them, and the rows of each piece.
private func rowsByRanges(of bytes: [UInt8], size: Int, columns: Int) throws -> [[String?]] {
    var cut = RangeCut(before: 0)
    var rows: [[String?]] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
        let piece = Array(bytes[start..<min(start + size, bytes.count)])
        let range = S3ObjectRange(offset: start, bytes: piece, objectSize: bytes.count, etag: "\"v\"")
        cut = try RangeCut(
            of: FetchedRange(range: range, hasOddQuotes: piece.span.hasOddQuotes), after: cut, objectSize: bytes.count)
        for block in try cut.blocks(columnCount: columns) { rows += texts(block.rows) }
    }
    #expect(cut.isLast && cut.nextOffset == bytes.count)
    return rows
}

@Suite struct `Reading the CSV of a result object` {
    @Test func `NULL is nothing and an empty text is a pair of quotes`() throws {
        #expect(try rows("\"a\",\n,\"\"\n,\n") == [["a", nil], [nil, ""], [nil, nil]])
    }

    @Test func `an empty line is a NULL in a result of one column`() throws {
        #expect(try rows("\"a\"\n\n\n\"\"\n", columns: 1) == [["a"], [nil], [nil], [""]])
        #expect(throws: ResultCSVError(offset: 8, reason: "a record has 1 values, but there are 2 columns")) {
            try rows("\"a\",\"b\"\n\n")
        }
    }

    @Test func `quotes, commas and line ends inside quotes are data`() throws {
        #expect(
            try rows("\"say \"\"hi\"\"\",\"a,b\"\n\"\r\n\",\"\n\"\n\"\"\"\",\"\"\"\"\"\"\n") == [
                ["say \"hi\"", "a,b"], ["\r\n", "\n"], ["\"", "\"\""],
            ])
    }

    @Test(arguments: ["1,2\n\"3\",4\n", "1,2\r\n\"3\",\"4\"\r\n", "1,2\r\n\"3\",4"])
    func `values without quotes and line ends of two bytes are let pass`(_ text: String) throws {
        #expect(try rows(text) == [["1", "2"], ["3", "4"]])
    }

    @Test func `the last line end may be missing`() throws {
        #expect(try rows("\"a\",\"b\"\n\"c\",\"d\"") == [["a", "b"], ["c", "d"]])
        #expect(try rows("\"a\",\"b\"\n\"c\",") == [["a", "b"], ["c", nil]])
        #expect(try rows("") == [])
    }

    @Test(arguments: [
        ("\"a\",\"b", 4, "cut off"), ("\"a\",\"b\"\"", 4, "cut off"), ("\"a\",\"", 4, "cut off"),
        ("\"a\"x,\"b\"\n", 3, "after its closing quote"), ("\"a\",\"b\",\"c\"\n", 7, "more values"),
        ("\"a\"\n", 0, "1 values"), ("a\"b,c\n", 1, "does not begin with one"), ("\"a\"\r,\"b\"\n", 3, "closing quote"),
    ])
    func `what is not Athena's CSV is an error with its place`(_ text: String, _ offset: Int, _ reason: String) {
        #expect {
            try rows(text)
        } throws: { error in
            let error = error as? ResultCSVError
            return error?.offset == offset && error?.reason.contains(reason) == true
        }
    }

    @Test func `bytes that are not UTF-8 are an error with their place`() throws {
        let bytes: [UInt8] = Array("\"a\",\"é".utf8) + [0xff] + Array("\"\n".utf8)
        #expect(throws: ResultCSVError(offset: 7, reason: "the text is not valid UTF-8", isNotUTF8: true)) {
            try ResultCSV.rows(in: bytes, columnCount: 2)
        }
    }

    @Test func `a block knows what no loader takes and what needs no escape`() throws {
        let block = try ResultCSV.rows(
            in: Array("\"a\0b\",\"plain text\"\n\"back\\slash\",\"é\"\n".utf8), columnCount: 2)
        #expect(block.hasUnloadableCells)
        let plain: RowBlock.Traits = [.plainJSON, .plainCSV]
        #expect(block.cells.map(\.traits) == [[.nul], plain, [], plain])
        #expect(try !ResultCSV.rows(in: Array("\"a\"\n".utf8), columnCount: 1).hasUnloadableCells)
    }

    /// At every place of a value, beside the end of the text and far from it: what the parser knows of a value must not
    /// change what is written of it.
    @Test(arguments: ["", "x", "\"\n"]) func `a value that needs quotes is never taken for one that stands bare`(
        _ behind: String
    ) throws {
        for length in 0..<20 {
            for special in [",", "\"\"", "\n", "\r", "\\", "\\.", "\t", "é", ""] {
                for place in 0...length {
                    let value =
                        String(repeating: "x", count: place) + special + String(repeating: "y", count: length - place)
                    let text = "\"\(value)\",\"\(behind.replacing("\"", with: "\"\""))\""
                    let block = try ResultCSV.rows(in: Array(text.utf8), columnCount: 2)
                    let unmarked = RowBlock(
                        bytes: block.bytes,
                        cells: block.cells.map { RowBlock.Cell(start: $0.range.lowerBound, count: $0.range.count) },
                        columnCount: 2, hasUnloadableCells: false)
                    #expect(try csv(block) == csv(unmarked), "\(text.debugDescription)")
                }
            }
        }
    }

    private func csv(_ block: RowBlock) throws -> [UInt8] {
        let columns = ["a", "b"].map { Column(name: $0, sourceType: "varchar", type: .string) }
        var output = EncodedRows()
        try FileFormat.csv.encoder(for: columns).encode(block, into: &output)
        return output.bytes
    }

    @Test func `ranges of every size give the rows of the whole`() throws {
        let bytes = FakeResult.hard.csv
        let whole = texts(try ResultCSV.rows(in: bytes, columnCount: 4))
        #expect(whole == [FakeResult.hard.columns.map(\.name)] + (0..<61).map(FakeResult.hard.row))
        for size in Array(1...130) + [bytes.count - 1, bytes.count, bytes.count + 1] {
            #expect(try rowsByRanges(of: bytes, size: size, columns: 4) == whole, "ranges of \(size) bytes")
        }
    }

    /// A value ends, and has special bytes, at every place of the sixty-four bytes that are scanned at a time.
    @Test(arguments: 0..<150) func `values end and are special wherever they stand`(_ length: Int) throws {
        for special in ["", ",", "\"\"", "é", "\\", "\n", "\"\"\"\""] {
            for place in [0, length / 2, length] {
                var value = String(repeating: "a", count: length)
                value.insert(contentsOf: special, at: value.index(value.startIndex, offsetBy: place))
                let text = "\"\(value)\",\"b,\",,\"\"\n\"c\",\"\(value)\",\"\(value)\",\n"
                let block = try ResultCSV.rows(in: Array(text.utf8), columnCount: 4)
                let joined = value.replacing("\"\"", with: "\"")
                #expect(texts(block) == [[joined, "b,", nil, ""], ["c", joined, joined, nil]], "\(text)")
                let traits = block.cells.map(\.traits)
                let isPlain = special == "" && length > 0
                #expect(traits[0].contains(.plainCSV) == isPlain || special == "é", "\(text)")
                #expect(traits[0] == traits[5] && traits[5] == traits[6], "\(text)")
                #expect(!traits[1].contains(.plainCSV) && traits[1].contains(.plainJSON))
                #expect(!traits[3].contains(.plainCSV) && traits[4].contains(.plainCSV))
            }
        }
    }

    @Test(arguments: 0..<64) func `quotes are counted right wherever they stand`(_ count: Int) {
        var generator = SplitMix(seed: 20_261_130)
        let bytes: [UInt8] = (0..<count).map { _ in
            [0x22, 0x23, 0xa2, 0x21, 0x00].randomElement(using: &generator) ?? 0
        }
        #expect(bytes.span.hasOddQuotes == (bytes.count { $0 == 0x22 } % 2 == 1), "\(bytes)")
    }
}
