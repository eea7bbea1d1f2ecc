import Athena
import AWS
import Text

/// Whether the work group takes queries, and where their results go.
struct WorkGroupStep: CheckStep {
    let name = CheckStepName.workGroup
    let needs: [CheckStepName] = [.credentials]

    func run(_ findings: inout CheckFindings) async throws -> CheckVerdict {
        guard findings.configuration.replay == nil else { return .skipped("recorded answers have none") }
        guard let query = findings.query else { return .skipped("the query exists, so none is needed") }
        let name = query.workGroup ?? AthenaClient.standardWorkGroup
        let group: WorkGroup
        do {
            group = try await findings.services.workGroup(name)
        } catch let error as AWSError where error.saysNotFound {
            return CheckVerdict(
                error, advice: "check --work-group (work_group), --region (region_name) and whose the credentials are")
        } catch let error where !(error is CancellationError) {
            return .warning(
                error,
                advice: (CheckAdvice.permission(after: error) ?? "a run does not need GetWorkGroup")
                    + "; without it, where results go is not known yet")
        }
        return verdict(on: group, findings)
    }

    private func verdict(on group: WorkGroup, _ findings: CheckFindings) -> CheckVerdict {
        let summary = summary(of: group)
        guard group.isEnabled else {
            return .failed(
                "\(summary), and it is disabled", advice: "enable the work group, or give another --work-group",
                .configuration)
        }
        let asked = findings.query?.outputLocation
        guard asked != nil || group.outputLocation != nil || group.hasManagedResults else {
            return .failed(
                "\(summary), and nothing says where results go",
                advice: "give --staging-dir s3://bucket/prefix/ (s3_staging_dir), or set the work group's query result "
                    + "location in the Athena console under Workgroups", .configuration)
        }
        if group.hasManagedResults, case .s3 = findings.configuration.export.source {
            return .failed(
                "\(summary), so no result is an object of S3", advice: "use --source auto or api", .configuration)
        }
        if let asked, group.isEnforced, let location = group.outputLocation, !location.hasPrefix(asked) {
            return .warning(
                "\(summary), which is enforced, not to \(asked)",
                advice: "leave out --staging-dir (s3_staging_dir), or give another --work-group")
        }
        return .ok(summary)
    }

    private func summary(of group: WorkGroup) -> String {
        var parts = ["work group \(group.name)"]
        if let engine = group.engineVersion { parts.append(engine) }
        if let limit = group.scanLimit { parts.append("at most \(RunSummary.size(limit)) scanned a query") }
        if group.hasManagedResults {
            parts.append("Athena keeps the results")
        } else if let location = group.outputLocation {
            parts.append("results go to \(location)")
        }
        return parts.joined(separator: ", ").shown(limit: 500)
    }
}

extension AWSError {
    fileprivate var saysNotFound: Bool {
        guard case .service(let answer, _) = self, answer.code == "InvalidRequestException" else { return false }
        return answer.message.lowercased().contains("not found")
    }
}
