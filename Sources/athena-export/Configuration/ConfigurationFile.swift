import BatchExport
import Files
import JSON
import SystemPackage

/// The JSON configuration file. The five keys of the connector that this program replaces stand among the others.
struct ConfigurationFile {
    let path: FilePath
    /// Whether others than the owner may read a file that holds keys.
    private(set) var exposesKeys = false
    private let root: JSONField

    private static let stringKeys: Set<String> = [
        "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name", "database_name",
        "s3_staging_dir", "expected_bucket_owner", "profile_name", "catalog_name", "work_group", "endpoint_url",
        "query", "query_file", "table", "format", "output", "source", "cursor_column", "cursor_start",
    ]
    private static let knownKeys: Set<String> = stringKeys.union([
        "parameters", "primary_key", "batch_rows", "batch_bytes", "compression_level", "prune_runs",
    ])

    init(reading path: FilePath) throws(ConfigurationError) {
        let content: BoundedFile.Content
        do {
            content = try BoundedFile.read(path, limit: 1 << 20)
        } catch {
            throw .unreadable(error, purpose: "--config")
        }
        try self.init(parsing: content.bytes, path: path)
        exposesKeys = content.isReadableByOthers && root.holds("aws_secret_access_key")
    }

    /// - Parameter path: for messages.
    init(parsing bytes: [UInt8], path: FilePath) throws(ConfigurationError) {
        self.path = path
        do {
            root = JSONField(try JSONValue(parsing: bytes))
            try root.onlyMembers(Self.knownKeys)
        } catch {
            throw .file(path, problem: "\(error); correct the file")
        }
        for key in Self.stringKeys { try check(key) }
    }

    /// A key's text, if the file has it.
    func string(_ key: String) throws(ConfigurationError) -> Setting<String>? {
        try value(key) { (field) throws(JSONError) in try field.string() }
    }

    func strings(_ key: String) throws(ConfigurationError) -> Setting<[String]>? {
        try value(key) { (field) throws(JSONError) in try field.strings() }
    }

    func integer(_ key: String) throws(ConfigurationError) -> Setting<Int>? {
        try value(key) { (field) throws(JSONError) in try field.integer() }
    }

    /// A size as on the command line, or as a plain number.
    func byteCount(_ key: String) throws(ConfigurationError) -> Setting<ByteCount>? {
        try value(key) { (field) throws(JSONError) in
            if case .number(let digits) = field.value, let count = ByteCount(argument: digits) { return count }
            guard case .string(let text) = field.value, let count = ByteCount(argument: text) else {
                throw field.mismatch("a size such as 134217728 or \"128MiB\"")
            }
            return count
        }
    }

    private func value<Value>(
        _ key: String, _ read: (JSONField) throws(JSONError) -> Value
    ) throws(ConfigurationError) -> Setting<Value>? {
        do throws(JSONError) {
            guard let field = try root.optionalMember(key) else { return nil }
            return Setting(value: try read(field), origin: .key(key, path))
        } catch {
            throw .file(path, problem: "\(error); correct the file")
        }
    }

    /// Placeholders left in place, and blanks that came along with a pasted value.
    private func check(_ key: String) throws(ConfigurationError) {
        guard let setting = try string(key) else { return }
        let text = setting.value
        if text.hasPrefix("<"), text.hasSuffix(">") {
            throw setting.origin.error("it still holds its placeholder; put the real value there, or remove the key")
        }
        if key == "query" { return }
        guard !text.isEmpty else { throw setting.origin.error("it is empty; set it, or remove the key") }
        let isClean = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard isClean, text.first?.isWhitespace == false, text.last?.isWhitespace == false else {
            throw setting.origin.error("it begins or ends with a blank, or holds a line end or control character")
        }
    }
}

extension JSONField {
    fileprivate func holds(_ name: String) -> Bool {
        if case .object(let object) = value { object[name] != nil } else { false }
    }
}
