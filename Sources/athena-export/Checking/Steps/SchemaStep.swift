import Athena
import BatchExport

/// Whether key, format and columns are those of the directory, if it has files.
struct SchemaStep: CheckStep {
    let name = CheckStepName.schema
    let needs: [CheckStepName] = [.output]

    func concerns(_ findings: CheckFindings) -> Bool { findings.table.map { $0.manifest != nil } ?? true }

    func run(_ findings: inout CheckFindings) throws -> CheckVerdict {
        guard let table = findings.table else { return .skipped("it needs output") }
        let export = findings.configuration.export.export
        guard let schema = findings.schema else {
            try table.check(primaryKey: export.primaryKey, format: export.format)
            return .ok("key and format are those of the directory; its columns were not compared")
        }
        let new = try table.newColumns(of: schema, export)
        return .ok(
            new.isEmpty
                ? "key, format and columns are those of the directory"
                : "key and format are those of the directory, and the run adds \(new.joined(separator: ", "))")
    }
}
