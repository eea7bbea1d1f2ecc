import Files
import JSON
package import SystemPackage

/// `manifest.json` as it was read: what it says, and its bytes.
package struct PublishedManifest: Sendable {
    package let directory: ExportDirectory
    package let manifest: Manifest
    package let bytes: [UInt8]

    /// What a manifest may have, in bytes.
    package static var maximumBytes: Int { Manifest.maximumBytes }

    /// - Parameter path: a table's directory, whatever its name.
    /// - Returns: nil if there is no manifest.
    /// - Throws: ``ExportError`` if it cannot be read or trusted.
    package init?(in path: FilePath) throws(ExportError) {
        let named = ExportDirectory(path: path, table: path.lastComponent?.string ?? "")
        guard let (manifest, bytes) = try Manifest.read(in: named, remedy: "restore the file") else { return nil }
        directory = ExportDirectory(path: path, table: manifest.table)
        self.manifest = manifest
        self.bytes = bytes
    }

    /// Reads a manifest that has come from elsewhere.
    ///
    /// - Throws: an error that says where in it what is wrong.
    package static func parse(_ bytes: [UInt8]) throws -> Manifest {
        try Manifest(parsing: bytes)
    }
}
