import JSON
import SystemPackage

@testable import BatchExport

extension FuzzTarget {
    /// `manifest.json` of the table `customers`.
    static let manifest = FuzzTarget("manifest") { input in
        guard let manifest = try? Manifest(parsing: input, table: "customers") else { return }
        let written = manifest.json.serialized(pretty: true)
        try promise(try Manifest(parsing: written) == manifest, "a manifest that is saved reads back")
        for batch in manifest.batches {
            try promise(
                batch.path.hasPrefix("data/batch=") && !batch.path.contains(".."), "a batch lies in the directory")
        }
        _ = try? ResultSchema(columns: manifest.columns, primaryKey: manifest.primaryKey)
    }
}
