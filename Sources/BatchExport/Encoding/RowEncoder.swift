/// Writes rows in one file format. A new format is one file with one of these.
///
/// Encoders hold no state and do no I/O: a row's bytes depend on the row and the columns alone.
public protocol RowEncoder: Sendable {
    /// What every file begins with, even if it holds no row.
    var fileHeader: [UInt8] { get }

    /// Appends one row with its line end.
    ///
    /// - Throws: ``ExportError`` if the format cannot carry the row.
    func encode(row: Int, of block: RowBlock, into output: inout [UInt8]) throws(ExportError)
}

/// The formats a batch can be written in.
public enum FileFormat: String, Sendable, CaseIterable {
    case csv, ndjson

    /// The end of a data file's name.
    public var fileSuffix: String { "\(rawValue).gz" }

    public func encoder(for columns: [Column]) -> any RowEncoder {
        switch self {
        case .csv: CSVEncoder(columns: columns)
        case .ndjson: NDJSONEncoder(columns: columns)
        }
    }
}
