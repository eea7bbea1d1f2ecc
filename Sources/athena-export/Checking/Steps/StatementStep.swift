import Athena
import BatchExport
import Clock

/// What columns the statement has, by a query that reads no data.
struct StatementStep: CheckStep {
    /// Whether requests to Athena make sense.
    let asksForColumns: Bool
    let name = CheckStepName.statement
    let needs: [CheckStepName] = [.credentials]

    func run(_ findings: inout CheckFindings) async throws -> CheckVerdict {
        guard asksForColumns else { return .skipped("--no-query leaves it out") }
        let export = findings.configuration.export
        switch export.query {
        case .attach(let id):
            guard let probed = try await probe(findings).columns(ofQuery: id, as: export) else {
                return .skipped("query \(id) is not finished, so its columns are not known yet")
            }
            return found(probed, &findings, "query \(id) has succeeded")
        case .start(let query):
            let statement: InnerStatement
            if let choice = export.cursor, choice.start == nil, findings.table == nil {
                return .skipped("it needs output")
            }
            let cursor = try findings.cursor()
            let filled = query.filled(with: cursor)
            do throws(StatementFault) {
                statement = try InnerStatement(filled.statement)
            } catch {
                return verdict(on: error)
            }
            let probed: ProbedColumns
            do {
                probed = try await probe(findings).columns(of: statement, in: filled)
            } catch AthenaExportError.unload(.statementTooLong) where !export.isRewritten {
                return .skipped("the statement is too long to ask for its columns")
            }
            try export.checkSentQuery(
                around: statement, probed, in: filled, startedAt: findings.services.assembly.runtime.timestamp())
            return found(probed, &findings, "Athena takes the statement")
        }
    }

    /// On a statement that is sent as it is: what cannot stand in another one was refused with the configuration.
    private func verdict(on fault: StatementFault) -> CheckVerdict {
        if case .notAQuery = fault {
            return .skipped("the columns of such a statement are known only once it has run")
        }
        return .failed(
            "the statement \(fault), so Athena will refuse it",
            advice: "correct --query, --query-file or the key query", .queryFailed)
    }

    private func probe(_ findings: CheckFindings) -> ColumnProbe {
        findings.services.probe(timeout: findings.configuration.queryTimeout)
    }

    private func found(_ probed: ProbedColumns, _ findings: inout CheckFindings, _ beginning: String) -> CheckVerdict {
        findings.probed = probed
        return .ok("\(beginning), and it has \(RunSummary.count(probed.columns.count, "column"))")
    }
}
