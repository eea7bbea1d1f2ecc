import BatchExport
import Text

/// Rows of a query that was sent inside of an ``OuterSelect``, with the columns that the query itself has.
struct RenamedSource: ResultSource {
    let source: any ResultSource
    let sent: SentQuery

    var name: String { source.name }

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        let page = try await source.page(at: bookmark)
        guard page.columns.map(\.name) == sent.columns.indices.map(OuterSelect.name(ofColumn:)) else {
            throw ExportError.inconsistentSource(
                "the result has other columns than the statement that was sent; send the query again with --restart")
        }
        return ResultPage(
            at: page.bookmark, columns: sent.exportedColumns, block: spacingHexadecimals(page.block), next: page.next)
    }

    private func spacingHexadecimals(_ block: RowBlock) -> RowBlock {
        let forms = sent.forms
        let columns = forms.indices.filter { forms[$0] == .hexadecimal }
        guard !columns.isEmpty else { return block }
        var (bytes, cells) = (block.bytes, block.cells)
        let indices = (0..<block.rowCount).flatMap { row in columns.map { row * block.columnCount + $0 } }
        HexadecimalText.space(indices.filter { !cells[$0].isNull }, of: &cells, in: &bytes)
        return RowBlock(
            bytes: bytes, cells: cells, columnCount: block.columnCount, hasUnloadableCells: block.hasUnloadableCells)
    }
}

/// Hexadecimal digits as `to_hex` gives them and as Athena prints bytes.
enum HexadecimalText {
    /// Writes digits as Athena's own text has them: in lower case, with a blank between two bytes. A text that is no pairs of
    /// digits stays as it is.
    ///
    /// The longer texts go behind the bytes that are there.
    static func space(_ indices: [Int], of cells: inout [RowBlock.Cell], in bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + indices.reduce(0) { $0 + cells[$1].range.count / 2 * 3 })
        for index in indices {
            let digits = cells[index].range
            guard isPairs(bytes, in: digits) else { continue }
            let start = bytes.count
            for offset in digits {
                if offset > digits.lowerBound, (offset - digits.lowerBound) % 2 == 0 { bytes.append(0x20) }
                // Sets the bit of lower case, which digits have already.
                bytes.append(bytes[offset] | 0x20)
            }
            cells[index] = RowBlock.Cell(
                start: start, count: bytes.count - start, traits: digits.isEmpty ? .plainJSON : [.plainJSON, .plainCSV])
        }
    }

    private static func isPairs(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
        range.count % 2 == 0 && range.allSatisfy { bytes[$0].isHexadecimalDigit }
    }
}
