import JSON
import SystemPackage

@testable import BatchExport

extension FuzzTarget {
    /// `manifest.json` of the table `customers`.
    static let manifest = FuzzTarget("manifest") { input in
        guard let manifest = try? Manifest(parsing: input, table: "customers") else { return }
        let written = manifest.json.serialized(pretty: true)
        try promise(try Manifest(parsing: written) == manifest, "a manifest that is saved reads back")
        for entry in manifest.entries {
            let path = entry.file.path
            let folder = entry.isDeletes ? "deleted" : "data"
            try promise(
                path.hasPrefix("\(folder)/batch=") && !path.contains(".."), "every file lies in the directory")
        }
        _ = try? ResultSchema(columns: manifest.columns, primaryKey: manifest.primaryKey)
    }
}
