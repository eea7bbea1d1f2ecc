import Files
import JSON
public import SystemPackage

/// `manifest.json` as it was read: what it says, and its bytes.
public struct PublishedManifest: Sendable {
    public let directory: ExportDirectory
    public let manifest: Manifest
    public let bytes: [UInt8]

    /// What a manifest may have, in bytes.
    public static var maximumBytes: Int { Manifest.maximumBytes }

    /// - Parameter path: a table's directory, whatever its name.
    /// - Returns: nil if there is no manifest.
    /// - Throws: ``ExportError`` if it cannot be read or trusted.
    public init?(in path: FilePath) throws(ExportError) {
        let named = ExportDirectory(path: path, table: path.lastComponent?.string ?? "")
        guard let (manifest, bytes) = try Manifest.read(in: named, remedy: "restore the file") else { return nil }
        directory = ExportDirectory(path: path, table: manifest.table)
        self.manifest = manifest
        self.bytes = bytes
    }

    /// Reads a manifest that has come from elsewhere.
    ///
    /// - Throws: an error that says where in it what is wrong.
    public static func parse(_ bytes: [UInt8]) throws -> Manifest {
        try Manifest(parsing: bytes)
    }
}
