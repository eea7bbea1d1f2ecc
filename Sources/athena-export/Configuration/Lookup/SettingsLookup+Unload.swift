import Athena
import AWS
import Text

// MARK: - UNLOAD and nested values

extension SettingsLookup {
    func unloadTarget() throws(ConfigurationError) -> S3Prefix? {
        guard let setting = try string(.unloadTo, options.unloadTo) else { return nil }
        guard let prefix = S3Prefix(setting.value) else {
            throw setting.origin.error(
                "\"\(setting.value.shown(limit: 80))\" is no place in S3; give it as s3://bucket/prefix/, with at most 700 "
                    + "bytes behind the bucket, no blanks and no empty parts")
        }
        return prefix
    }

    func nested() throws(ConfigurationError) -> AthenaExport.NestedForm {
        let choice = try choice(.nested, options.nested)
        // What a query was sent for can only be told before it is sent, and an UNLOAD always writes JSON.
        guard choice == .json else { return .text }
        guard options.replay == nil, options.record == nil else {
            throw try origin(of: .nested, isTyped: options.nested != nil).error(
                "json asks for the columns by a query of its own, which is not recorded; use text")
        }
        return .json
    }
}
