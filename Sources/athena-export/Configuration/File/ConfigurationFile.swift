import BatchExport
import JSON
import SystemPackage
import Text

/// The JSON configuration file. The five keys of the connector that this program replaces stand among the others.
struct ConfigurationFile {
    /// The name as the user typed it, for messages.
    let name: String
    /// Nil for standard input and pipes, which cannot be read again.
    let path: FilePath?
    /// Whether other users may read a file that contains keys.
    private(set) var exposesKeys = false
    /// Unknown keys, values of the wrong kind, placeholders and slips, also of keys that an option beats.
    private(set) var mistakes: [ConfigurationError] = []
    /// The file as each of its tables reads it; nil if it is for one table alone.
    private(set) var tables: [ConfigurationFile]?
    private let root: JSONField
    /// Of several tables the one that the file is read for: its keys come before those that are for all.
    private var entry: JSONField?
    private let text: [UInt8]
    private let places: JSONPlaces

    /// The file that the options name; nil if they name none.
    init?(_ options: RunOptions) throws(ConfigurationError) {
        guard let config = options.config else { return nil }
        try self.init(reading: try InputPath(config, .option("--config")))
    }

    init(reading path: InputPath) throws(ConfigurationError) {
        let content = try path.read(limit: 1 << 20, purpose: "--config")
        try self.init(parsing: content.bytes, name: path.description, path: content.file)
        exposesKeys = content.isReadableByOthers && root.holds(.secretAccessKey)
    }

    /// - Parameters:
    ///   - name: for messages.
    ///   - path: of a regular file.
    init(parsing bytes: [UInt8], name: String, path: FilePath? = nil) throws(ConfigurationError) {
        self.name = name
        self.path = path
        text = SavedText.withoutMark(bytes)
        do {
            root = JSONField(try JSONValue(parsing: text))
        } catch {
            throw ConfigurationSyntax(text).explain(error, file: name)
        }
        places = JSONPlaces(text)
        guard case .object(let object) = root.value else {
            throw .file(
                ConfigurationPlace(file: name, offset: places.values[""] ?? 0, in: text),
                problem: "expected an object such as {\"table\": \"orders\"}, found \(root.value.kind)")
        }
        for (name, _) in object.members {
            do throws(ConfigurationError) { try check(name, of: root) } catch { mistakes.append(error) }
        }
        mistakes += mistakesOfTables(root)
        tables = readTables(root)
    }

    /// The file as one of its tables reads it. What is wrong with it is known already.
    func forTable(_ entry: JSONField) -> ConfigurationFile {
        var view = self
        view.entry = entry
        view.mistakes = []
        view.tables = nil
        return view
    }

    /// The file as the table of a name reads it; nil if it has no such table.
    func forTable(named name: String) -> ConfigurationFile? { tables?.first { $0.tableName == name } }

    /// Whether it is one of several tables that the file is read for.
    var isForTable: Bool { entry != nil }

    /// The name of that table, if it has one.
    var tableName: String? { (try? entry?[.table]?.string()) ?? nil }

    /// Where relative paths in the file start; empty for the working directory.
    var directory: FilePath { path?.removingLastComponent() ?? "" }

    /// A key's text, if the file has it.
    func string(_ key: ConfigurationKey) throws(ConfigurationError) -> Setting<String>? {
        let setting = try value(key) { (field) throws(JSONError) in try field.string() }
        if let setting { try check(setting.value, of: key, setting.origin) }
        return setting
    }

    func strings(_ key: ConfigurationKey) throws(ConfigurationError) -> Setting<[String]>? {
        let setting = try value(key) { (field) throws(JSONError) in try field.strings() }
        if let setting, setting.value.contains(where: { Self.isPlaceholder($0, in: key) }) {
            throw setting.origin.error(Self.placeholderProblem)
        }
        return setting
    }

    func integer(_ key: ConfigurationKey) throws(ConfigurationError) -> Setting<Int>? {
        try value(key) { (field) throws(JSONError) in try field.integer() }
    }

    func flag(_ key: ConfigurationKey) throws(ConfigurationError) -> Setting<Bool>? {
        try value(key) { (field) throws(JSONError) in try field.bool() }
    }

    /// A size as on the command line, or as a plain number.
    func byteCount(_ key: ConfigurationKey) throws(ConfigurationError) -> Setting<ByteCount>? {
        try value(key) { (field) throws(JSONError) in
            let text: String? =
                switch field.value {
                case .number(let digits), .string(let digits): digits
                default: nil
                }
            guard let count = text.flatMap({ ByteCount(argument: $0) }) else {
                throw field.mismatch("a size such as 134217728 or \"128MiB\"")
            }
            return count
        }
    }

    /// What an error about a key begins with.
    func origin(of key: ConfigurationKey) -> SettingOrigin { .key(key, place(field(key)?.path ?? key.rawValue)) }

    private func value<Value>(
        _ key: ConfigurationKey, _ read: (JSONField) throws(JSONError) -> Value
    ) throws(ConfigurationError) -> Setting<Value>? {
        guard let field = field(key) else { return nil }
        let origin = origin(of: key)
        do throws(JSONError) {
            return Setting(value: try read(field), origin: origin)
        } catch .field(let path, let expected, let found) {
            throw .key(name: path, place: place(path), problem: "expected \(expected), found \(found)")
        } catch {
            throw origin.error("\(error)")
        }
    }

    private func field(_ key: ConfigurationKey) -> JSONField? {
        guard let entry else { return root[key] }
        // A table's own statement takes the place of the one for all, whichever way each is given.
        let other: ConfigurationKey? =
            switch key {
            case .query: .queryFile
            case .queryFile: .query
            // And so does its write mode: a key for all is not for a table whose rows are appended.
            case .primaryKey where entry[.writeMode]?.value == .string(WriteMode.append.rawValue): .writeMode
            case .writeMode: .primaryKey
            default: nil
            }
        if let other, entry[other] != nil { return entry[key] }
        return entry[key] ?? root[key]
    }

    /// Where a value stands.
    private func place(_ path: String) -> ConfigurationPlace {
        ConfigurationPlace(file: name, offset: places.values[path], in: text)
    }
}

// MARK: - Checks of any key

extension ConfigurationFile {
    /// - Parameter object: the whole file, or one of its tables.
    func check(_ name: String, of object: JSONField) throws(ConfigurationError) {
        guard let key = ConfigurationKey(rawValue: name) else {
            let path = object.path.isEmpty ? name : "\(object.path).\(name)"
            throw .key(
                name: name.shown(limit: 100),
                place: ConfigurationPlace(file: self.name, offset: places.names[path], in: text),
                problem: ConfigurationKey.advice(for: name))
        }
        switch key.kind {
        case .text: _ = try string(key)
        case .texts: _ = try strings(key)
        case .number: _ = try integer(key)
        case .flag: _ = try flag(key)
        case .size: _ = try byteCount(key)
        case .tables: break
        }
    }

    /// - Parameter path: of the value, which is the name that the message has.
    func error(at path: String, _ problem: String) -> ConfigurationError {
        .key(name: path.shown(limit: 100), place: place(path), problem: problem)
    }

    /// Placeholders that were not filled in, and blanks of a pasted value.
    private func check(
        _ text: String, of key: ConfigurationKey, _ origin: SettingOrigin
    ) throws(ConfigurationError) {
        if Self.isPlaceholder(text, in: key) {
            throw origin.error(Self.placeholderProblem)
        }
        if key.isFreeText { return }
        guard !text.isEmpty else { throw origin.error("it is empty; set it, or leave it out") }
        guard !text.hasASCIIControl, text.first?.isWhitespace == false, text.last?.isWhitespace == false else {
            throw origin.error("it begins or ends with a blank, or contains a line end or control character")
        }
    }

    private static let placeholderProblem =
        "it still has its placeholder; put the real value there, or leave it out"

    /// `<YOUR_REGION_NAME>`, `s3://<BUCKET>/`, `…` and `...`, as documentation marks a value to be filled in.
    private static func isPlaceholder(_ text: String, in key: ConfigurationKey) -> Bool {
        let isBracketed = text.hasPrefix("<") && text.hasSuffix(">")
        if isBracketed || text == "…" || text == "..." { return true }
        // SQL may contain the same characters.
        if key.isFreeText || key == .cursorStart { return false }
        let opening = text.firstIndex(of: "<")
        return text.contains("…") || opening.map { text[$0...].contains(">") } == true
    }
}

extension JSONField {
    fileprivate func holds(_ key: ConfigurationKey) -> Bool {
        if case .object(let object) = value { object[key.rawValue] != nil } else { false }
    }
}
