import AWS

extension SettingsLookup {
    /// Where a run's files are uploaded to; nil if they are not.
    ///
    /// With several tables, each has its own name below the URL, as below the output directory.
    func upload(table: String) throws(ConfigurationError) -> S3Prefix? {
        guard let setting = try string(.upload, options.upload) else { return nil }
        guard options.replay == nil else {
            throw setting.origin.error("a replayed run calls no service; upload its files with athena-export upload")
        }
        let target = try UploadTarget.parse(setting.value, setting.origin)
        return file?.tableName == nil ? target : try UploadTarget.parse(target.url + table, setting.origin)
    }
}
