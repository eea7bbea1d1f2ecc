import Files
import SystemPackage

/// One difference between a table's directory and its manifest.
package struct BatchDifference: Error, Equatable, CustomStringConvertible {
    /// The subject of the comparison. The names are stable: scripts may depend on them.
    package enum Check: String, Sendable, CaseIterable {
        /// The file is missing.
        case missing
        /// A symbolic link, directory or device stands in the way.
        case notAFile = "not_a_file"
        /// The file cannot be read.
        case unreadable
        /// Its size.
        case bytes
        case sha256
        /// Not one complete gzip member with nothing behind it, or one whose check value or length is wrong.
        case gzip
        /// Its size once decompressed.
        case uncompressedBytes = "uncompressed_bytes"
        /// The CSV header line.
        case header
        /// A row that the encoder cannot have written.
        case malformedRow = "malformed_row"
        /// The number of rows.
        case rows
        /// A key that another row of the batch has.
        case duplicateKey = "duplicate_key"
        case nullKey = "null_key"
        /// More bytes of different keys than a batch of an export can have.
        case tooManyKeys = "too_many_keys"
        /// Something in `data/` that the manifest does not list, which a reader of the directory would load.
        case notListed = "not_listed"
    }

    /// From the table's directory.
    package let path: String
    package let check: Check
    /// Positions and figures, never values.
    package let detail: String
    /// What the system said, where the check is ``Check/unreadable``. The file itself may be right.
    let readError: FileError?

    package var description: String { "\(path): \(check.rawValue): \(detail)" }

    init(_ path: String, _ check: Check, _ detail: String) {
        self.path = path
        self.check = check
        self.detail = detail
        readError = nil
    }

    init(_ path: String, unreadable error: FileError) {
        self.path = path
        check = .unreadable
        detail = "\(error)"
        readError = error
    }
}

extension ExportError {
    /// A file that has to be read cannot be read, or is not what the manifest lists.
    ///
    /// - Parameters:
    ///   - others: how many more differences the file has.
    ///   - subject: what is said not to be what the manifest lists.
    static func unusable(
        _ difference: BatchDifference, others: Int = 0, in directory: ExportDirectory, subject: String, remedy: String
    ) -> ExportError {
        // The file may be right: the disk or its permissions are at fault.
        if let error = difference.readError { return ExportError(error) }
        let more = others > 0 ? " (and \(others) more)" : ""
        return .untrusted(
            path: directory.path.appending(difference.path),
            problem: "\(subject) is not what the manifest lists: "
                + "\(difference.check.rawValue): \(difference.detail)\(more)",
            remedy: remedy)
    }
}
