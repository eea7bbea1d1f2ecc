import Files
import JSON
import SystemPackage

extension ExportState {
    /// A state has some 2 KB; anything larger than this is something else.
    private static let maximumBytes = 1 << 20

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
    private static let maximumBytes = 256 << 20

    /// Reads `manifest.json`; nil if there is none.
    ///
    /// - Parameters:
    ///   - remedy: advice about a file that cannot be trusted, for the error.
    ///   - table: the table that it must be of; nil for any.
    init?(reading directory: ExportDirectory, remedy: String, table: String? = nil) throws(ExportError) {
        let manifest = try directory.document(directory.manifest, limit: Self.maximumBytes, remedy: remedy) {
            (bytes) throws(JSONError) in try Manifest(parsing: bytes, table: table)
        }
        guard let manifest else { return nil }
        self = manifest
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
