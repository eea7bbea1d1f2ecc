import Athena
import BatchExport

/// The steps of one table, in order. A step that needs one that has failed is skipped.
struct TableCheck {
    let configuration: ExportConfiguration
    let services: CheckServices
    /// Whether the columns are requested from Athena.
    let asksForColumns: Bool

    private var steps: [any CheckStep] {
        [
            OutputStep(), CredentialsStep(), WorkGroupStep(), StatementStep(asksForColumns: asksForColumns), KeyStep(),
            CursorStep(), SchemaStep(), ResultObjectStep(),
        ]
    }

    func run() async throws -> TableCheckResult {
        var findings = CheckFindings(configuration: configuration, services: services)
        var results = [CheckResult(step: .configuration, verdict: ConfigurationVerdict.of(configuration))]
        // Steps that have failed, and those that need them.
        var missing: Set<CheckStepName> = []
        for step in steps where step.concerns(findings) {
            try Task.checkCancellation()
            if let needed = step.needs.first(where: missing.contains) {
                missing.insert(step.name)
                results.append(CheckResult(step: step.name, verdict: .skipped("it needs \(needed.rawValue)")))
                continue
            }
            do {
                let verdict = try await step.run(&findings)
                if case .failed = verdict { missing.insert(step.name) }
                results.append(CheckResult(step: step.name, verdict: verdict))
            } catch let error as CancellationError {
                throw error
            } catch {
                missing.insert(step.name)
                results.append(CheckResult(step: step.name, verdict: CheckVerdict(error)))
            }
        }
        return TableCheckResult(
            table: configuration.directory.table, results: results, columns: findings.columns ?? [],
            primaryKey: configuration.export.export.primaryKey, cursorColumn: configuration.export.cursor?.column)
    }
}
