/// Where the credentials come from, and whose they are.
struct CredentialsStep: CheckStep {
    let name = CheckStepName.credentials
    let needs: [CheckStepName] = []

    func run(_ findings: inout CheckFindings) async throws -> CheckVerdict {
        guard findings.configuration.replay == nil else { return .skipped("recorded answers need none") }
        return await findings.services.credentials()
    }
}
