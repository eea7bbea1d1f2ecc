/// Reads the rows and cells of one file format, and accepts only what its encoder writes.
///
/// A scanner holds no state and does no I/O, and makes no string or array for a row or cell.
protocol RowScanner: Sendable {
    /// The possible beginnings of a file: the encoder's header, then those of older versions.
    var fileHeaders: [[UInt8]] { get }

    /// Reads the row that begins at `start` and adds it to `rows`.
    ///
    /// - Returns: the offset behind its line end, or nil if the text ends before the row does; then `rows` may hold a
    ///   part of it.
    func scanRow(_ text: Span<UInt8>, from start: Int, into rows: inout ScannedRows) throws(RowProblem) -> Int?
}

extension FileFormat {
    func scanner(for columns: [Column]) -> any RowScanner {
        switch self {
        case .csv: CSVScanner(columns: columns)
        case .ndjson: NDJSONScanner(columns: columns)
        }
    }
}

/// Why a text is not a row. Never contains a value.
struct RowProblem: Error, Equatable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// Cells as scanners find them.
struct ScannedRows {
    private(set) var cells: [RowBlock.Cell] = []
    /// Texts that differ from those in the file, since doubled quotes or escapes are resolved.
    private(set) var decoded: [UInt8] = []
    /// Where `decoded` will stand, behind the file's text.
    let decodedStart: Int

    init(decodedStart: Int) {
        self.decodedStart = decodedStart
    }

    mutating func appendNull() { cells.append(.null) }

    mutating func append(_ range: Range<Int>) {
        cells.append(RowBlock.Cell(start: range.lowerBound, count: range.count))
    }

    /// Adds a cell whose text `body` appends to what it is given.
    mutating func appendDecoded<Failure: Error>(_ body: (inout [UInt8]) throws(Failure) -> Void) throws(Failure) {
        let start = decoded.count
        try body(&decoded)
        cells.append(RowBlock.Cell(start: decodedStart + start, count: decoded.count - start))
    }

    /// Removes the cells of an incomplete row.
    mutating func truncate(toCells count: Int) {
        cells.removeLast(cells.count - count)
    }
}
