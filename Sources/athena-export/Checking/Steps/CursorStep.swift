import Athena
import BatchExport

/// Whether the cursor's column is in the result and has an order.
struct CursorStep: CheckStep {
    let name = CheckStepName.cursor
    let needs: [CheckStepName] = [.statement]

    func concerns(_ findings: CheckFindings) -> Bool { findings.configuration.export.cursor != nil }

    func run(_ findings: inout CheckFindings) throws -> CheckVerdict {
        guard let choice = findings.configuration.export.cursor, let columns = findings.columns else {
            return .skipped("it needs the columns")
        }
        try HeldTable.check(cursorColumn: choice.column, in: columns)
        guard let value = try findings.cursor() else { return .skipped("it needs the columns") }
        return .ok("\(choice.column): the next run reads on from \(value.text)")
    }
}
