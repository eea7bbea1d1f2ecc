/// Rows as they are in a file, one after another, with their line ends.
package struct EncodedRows: Sendable {
    /// The bytes of the rows; before the first one the file's header, if they begin a file.
    package internal(set) var bytes: [UInt8]
    /// Where each row begins in the bytes.
    var starts: [UInt32]

    /// - Parameter capacity: in bytes.
    package init(capacity: Int = 0) {
        self.init([], starts: [])
        bytes.reserveCapacity(capacity)
    }

    init(_ bytes: [UInt8], starts: [UInt32]) {
        self.bytes = bytes
        self.starts = starts
    }

    var count: Int { starts.count }

    func range(ofRow row: Int) -> Range<Int> {
        Int(starts[row])..<(row + 1 < starts.count ? Int(starts[row + 1]) : bytes.count)
    }
}

/// Writes rows in one file format. A new format also has a ``RowScanner``, which reads it, and a place in each loader.
///
/// Encoders hold no state and do no I/O: a row's bytes depend on the row and the columns alone.
package protocol RowEncoder: Sendable {
    /// The beginning of every file, even of one without rows.
    var fileHeader: [UInt8] { get }

    /// Appends rows until the output has reached the limit in bytes. The last row may exceed it.
    ///
    /// - Returns: the row behind the last one that was appended.
    /// - Throws: ``ExportError`` if the format cannot represent the next row. The rows before it are appended.
    func encode(
        _ block: RowBlock, rows: Range<Int>, into output: inout EncodedRows, limit: Int
    ) throws(ExportError) -> Int
}

extension RowEncoder {
    /// Appends all rows of a block.
    package func encode(_ block: RowBlock, into output: inout EncodedRows) throws(ExportError) {
        _ = try encode(block, rows: 0..<block.rowCount, into: &output, limit: .max)
    }
}

/// The formats a batch can be written in.
package enum FileFormat: String, Sendable, CaseIterable {
    case csv, ndjson

    /// The end of a data file's name.
    package var fileSuffix: String { "\(rawValue).gz" }

    package func encoder(for columns: [Column]) -> any RowEncoder {
        switch self {
        case .csv: CSVEncoder(columns: columns)
        case .ndjson: NDJSONEncoder(columns: columns)
        }
    }
}
