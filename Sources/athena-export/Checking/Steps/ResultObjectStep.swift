import Athena
import AWS
import Text

/// Whether the objects of results can be read from S3: that of the query without rows is tried.
struct ResultObjectStep: CheckStep {
    let name = CheckStepName.resultObject
    let needs: [CheckStepName] = [.statement]

    func run(_ findings: inout CheckFindings) async throws -> CheckVerdict {
        let source = findings.configuration.export.source
        guard let s3 = try findings.services.assembly.s3(for: findings.configuration) else {
            return .skipped("rows are read by GetQueryResults, so it is not needed")
        }
        guard let probed = findings.probed else { return .skipped("it needs the result of the statement") }
        if case .unload = source {
            guard let query = findings.query else { return .skipped("the run reads what the query has unloaded") }
            let place = try probed.unloadParent(findings.configuration.export.unloadTarget, query)
            return .skipped("the run reads what UNLOAD writes below \(place.url), which is not there yet")
        }
        guard let text = probed.outputLocation else {
            return verdict("Athena keeps the result itself", "use --source auto or api", .configuration, source)
        }
        guard let location = S3Location(text) else {
            return verdict(
                "\(text.shown(limit: 200)) is not the place of an object in S3", "use --source auto or api",
                .configuration, source)
        }
        if probed.encryptionOption == "CSE_KMS" {
            return verdict(
                "\(location) is encrypted for the client to decrypt (CSE_KMS)", "use --source auto or api",
                .configuration, source)
        }
        do {
            _ = try await s3.expecting(bucketOwner: probed.expectedBucketOwner)
                .getObject(location, range: 0..<1024, patience: .short)
        } catch let error as AWSError where error.saysEmptyObject {
            // A statement that gives no rows, SHOW for example, leaves an object without a byte.
        } catch let error as AWSError {
            return verdict(
                "\(location) cannot be read: \(error.serviceMessage)", advice(after: error, location),
                ExitStatus(error), source)
        }
        return .ok("\(location) can be read")
    }

    private func advice(after error: AWSError, _ location: S3Location) -> String {
        if let missing = CheckAdvice.permission(after: error) {
            return "\(missing) on arn:aws:s3:::\(location.bucket)/*, and kms:Decrypt if it is encrypted"
        }
        guard case .service(let answer, _) = error, answer.httpStatus == 404 else {
            return "check that this machine reaches S3 in the bucket's region"
        }
        return "check that the bucket exists and keeps its objects long enough"
    }

    /// The run continues without S3 unless the options exclude that.
    private func verdict(_ problem: String, _ advice: String, _ status: ExitStatus, _ source: SourceMode)
        -> CheckVerdict
    {
        if case .s3 = source { return .failed(problem, advice: advice, status) }
        return .warning(
            "\(problem), so rows are read by GetQueryResults, 1,000 at a time", advice: advice)
    }
}

extension AWSError {
    fileprivate var saysEmptyObject: Bool {
        if case .service(let answer, _) = self { answer.httpStatus == 416 } else { false }
    }
}
