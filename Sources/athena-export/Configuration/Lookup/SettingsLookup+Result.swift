import Athena
import AWS
import Text

// MARK: - The query's result

extension SettingsLookup {
    func outputLocation() throws(ConfigurationError) -> String? {
        guard let setting = try string(.stagingDir, options.stagingDir) else { return nil }
        guard setting.value.hasPrefix("s3://") else {
            throw setting.origin.error("it does not begin with s3://; give it as s3://bucket/prefix/")
        }
        let path = setting.value.dropFirst(5)
        let bucket = path.prefix { $0 != "/" }
        guard S3Location.isBucket(bucket) else {
            throw setting.origin.error(
                "\"\(bucket.shown(limit: 80))\" is no name of an S3 bucket; give it as s3://bucket/prefix/")
        }
        guard !path.split(separator: "/").contains("..") else {
            throw setting.origin.error("it contains .., which S3 does not resolve; give the path without it")
        }
        return setting.value
    }

    func expectedBucketOwner() throws(ConfigurationError) -> String? {
        guard let setting = try string(.expectedBucketOwner, options.expectedBucketOwner) else { return nil }
        guard S3Client.isAccountNumber(setting.value) else {
            throw setting.origin.error("an account's number has 12 digits; give it as 111122223333")
        }
        return setting.value
    }

    /// Athena takes the ARN of a key or its id; S3, for files that are uploaded, also an alias.
    func kmsKey() throws(ConfigurationError) -> String? {
        guard let setting = try string(.kmsKey, options.kmsKey) else { return nil }
        guard Self.isKMSKey(setting.value) else {
            throw setting.origin.error(
                "\"\(setting.value.shown(limit: 80))\" names no KMS key; give its ARN, such as "
                    + "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
        }
        return setting.value
    }

    private static func isKMSKey(_ text: String) -> Bool {
        func isPlain(_ text: some StringProtocol) -> Bool {
            !text.isEmpty && text.utf8.count <= 256
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-/".contains($0)) }
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return isPlain(text) && !text.contains("/") }
        return parts.count == 6 && parts[0] == "arn" && parts[2] == "kms" && parts.allSatisfy(isPlain)
            && S3Client.isAccountNumber(String(parts[4]))
            && (parts[5].hasPrefix("key/") || parts[5].hasPrefix("alias/"))
    }

    /// - Returns: minutes, which is what Athena counts in.
    func reusedResultMinutes() throws(ConfigurationError) -> Int? {
        guard let setting = try time(.reuseResults, options.reuseResults) else { return nil }
        if case .unload = try source() {
            throw setting.origin.error("an UNLOAD writes its rows again each time; leave this out, or --source unload")
        }
        let seconds = Int(setting.value.components.seconds)
        guard seconds % 60 == 0, (1...Self.maximumReuseMinutes).contains(seconds / 60) else {
            throw setting.origin.error("the age of a result is whole minutes, from 1m to 7d; give one such as 60m")
        }
        return seconds / 60
    }

    /// Athena's limit, 7 days (API reference, ResultReuseByAgeConfiguration).
    private static let maximumReuseMinutes = 10_080
}
