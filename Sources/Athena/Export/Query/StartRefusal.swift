import AWS

extension AthenaExportError {
    /// The reason of StartQueryExecution's refusal, if it implies what to do; nil for any other error.
    init?(refusalToStart error: AWSError) {
        guard case .service(let answer, _) = error else { return nil }
        if error.isMalformedQuery {
            self = .statementRefused(message: answer.message)
            return
        }
        guard answer.code == "InvalidRequestException", let advice = Self.advice(on: answer.message.lowercased()) else {
            return nil
        }
        self = .startRefused(answer, advice: advice)
    }

    /// The texts are not documented, so only a few words of each are checked.
    private static func advice(on message: String) -> String? {
        func has(_ words: String...) -> Bool { words.allSatisfy { message.contains($0) } }
        if has("no output location") {
            return "give --staging-dir s3://bucket/prefix/ (s3_staging_dir), or a --work-group (work_group) that has a "
                + "result location"
        }
        if has("output bucket") || has("outputlocation") {
            return "check that the bucket of --staging-dir (s3_staging_dir), or of the work group's result location, "
                + "exists in the region of the query, and that the credentials may use s3:GetBucketLocation and s3:PutObject "
                + "there"
        }
        if has("workgroup", "not found") {
            return "check --work-group (work_group), --region (region_name) and the account of the credentials"
        }
        if has("workgroup", "disabled") || has("workgroup", "not enabled") {
            return "enable the work group, or give another --work-group (work_group)"
        }
        if has("idempotent") {
            return "another query was sent with this run's token, perhaps by another version of athena-export; look "
                + "for it in Athena's history and give --restart --query-execution-id with its id, or --restart alone to "
                + "send a new one"
        }
        return nil
    }
}
