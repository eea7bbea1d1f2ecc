import Files
import JSON
import SystemPackage

extension ExportState {
    /// A state has some 2 KB, and up to some megabytes with a long statement and many objects. The longest list of objects
    /// that is taken gives a state that is not larger than this; anything larger is something else.
    private static let maximumBytes = 256 << 20

    /// Reads `state.json`; nil if there is none.
    ///
    /// - Parameter remedy: advice about a file that cannot be trusted, for the error.
    init?(reading directory: ExportDirectory, remedy: String) throws(ExportError) {
        let state = try directory.document(directory.state, limit: Self.maximumBytes, remedy: remedy) {
            (bytes) throws(JSONError) in try ExportState(parsing: bytes)
        }
        guard let state else { return nil }
        self = state
    }
}

extension Manifest {
    /// A manifest has 0.4 KB a batch; anything larger than this is something else.
    static let maximumBytes = 256 << 20

    /// Reads `manifest.json`; nil if there is none.
    ///
    /// - Parameters:
    ///   - remedy: advice about a file that cannot be trusted, for the error.
    ///   - table: the table that it must be of; nil for any.
    init?(reading directory: ExportDirectory, remedy: String, table: String? = nil) throws(ExportError) {
        guard let (manifest, _) = try Self.read(in: directory, remedy: remedy, table: table) else { return nil }
        self = manifest
    }

    /// The same, with the bytes of the file.
    static func read(
        in directory: ExportDirectory, remedy: String, table: String? = nil
    ) throws(ExportError) -> (manifest: Manifest, bytes: [UInt8])? {
        try directory.document(directory.manifest, limit: maximumBytes, remedy: remedy) {
            (bytes) throws(JSONError) in (try Manifest(parsing: bytes, table: table), bytes)
        }
    }
}

extension ExportDirectory {
    fileprivate func document<Document>(
        _ path: FilePath, limit: Int, remedy: String, parse: ([UInt8]) throws(JSONError) -> Document
    ) throws(ExportError) -> Document? {
        do {
            return try parse(try BoundedFile.read(path, limit: limit).bytes)
        } catch BoundedFile.Failure.missing {
            return nil
        } catch BoundedFile.Failure.unreadable(let error) {
            throw ExportError(error)
        } catch let failure as BoundedFile.Failure {
            throw .untrusted(path: path, problem: "it \(failure.problem)", remedy: remedy)
        } catch {
            throw .untrusted(path: path, problem: "\(error)", remedy: remedy)
        }
    }
}
