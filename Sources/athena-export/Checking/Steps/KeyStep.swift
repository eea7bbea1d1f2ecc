import Athena
import BatchExport

/// Whether the key is in the result, and every column has a name that files can carry.
struct KeyStep: CheckStep {
    let name = CheckStepName.key
    let needs: [CheckStepName] = [.statement]

    func run(_ findings: inout CheckFindings) throws -> CheckVerdict {
        guard let columns = findings.columns else { return .skipped("it needs the columns") }
        let key = findings.configuration.export.export.primaryKey
        findings.schema = try ResultSchema(columns: columns, primaryKey: key)
        guard !key.isEmpty else { return .ok("rows are appended without one") }
        return .ok("\(key.joined(separator: ", ")): in the result; whether two rows have the same is not checked")
    }
}
