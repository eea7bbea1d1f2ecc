import AWS
import Text

/// The place that files are uploaded to, as users write it in an argument, an option or the configuration file.
enum UploadTarget {
    static func parse(_ text: String, _ origin: SettingOrigin) throws(ConfigurationError) -> S3Prefix {
        if let prefix = S3Prefix(text) { return prefix }
        let shown = text.shown(limit: 200)
        guard text.hasPrefix("s3://") else {
            throw origin.error("\"\(shown)\" does not begin with s3://; give it as s3://bucket/prefix/")
        }
        let bucket = text.dropFirst(5).prefix { $0 != "/" }
        guard S3Location.isBucket(bucket) else {
            throw origin.error(
                "\"\(bucket.shown(limit: 80))\" is no name of an S3 bucket; give it as s3://bucket/prefix/")
        }
        throw origin.error(
            "the prefix of \"\(shown)\" holds a blank, a control character, *, ?, an empty name, . or .., or has more "
                + "than 700 bytes; give one that every reader of the bucket takes")
    }
}
