/// Reads an INI file line by line, like Python's `configparser`, with which botocore reads these files.
///
/// A comment has a line of its own: in a value, `#` and `;` are ordinary characters.
struct INIParser {
    private var sections: [String: INIFile.Section] = [:]
    /// In the order of the file.
    private(set) var names: [String] = []
    private var line = 0
    private var section: String?
    private var key: OpenKey?
    /// Where each section and key was first seen.
    private var firstLines: [[String]: Int] = [:]

    /// Its keys belong to every section that does not have them.
    private static let defaults = "DEFAULT"

    struct Fault: Error {
        let line: Int
        let problem: String
    }

    /// By key: what is wrong below it in the defaults. botocore reads that only for a section that takes the default.
    private var faultyDefaults: [String: Fault] = [:]

    /// The key that indented lines belong to.
    private struct OpenKey {
        let name: String
        let indentation: Int
        /// Whether its own line has a value; without one, indented lines are settings.
        let hasValue: Bool
        /// Empty lines since the last line of the value.
        var emptyLines = 0
    }

    mutating func read(_ text: Substring) throws(Fault) {
        line += 1
        let indentation = text.unicodeScalars.prefix(while: \.isINIBlank).count
        let text = text.trimmingINIBlanks
        guard let first = text.utf8.first else {
            key?.emptyLines += 1
            return
        }
        if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") { return }
        if let key, indentation > key.indentation {
            try readIndented(text, of: key)
        } else if let name = Self.sectionName(text) {
            try beginSection(String(name))
        } else {
            try readProperty(text, indentation: indentation)
        }
    }

    /// The sections that were read, without that of the defaults.
    func finish() throws(Fault) -> [String: INIFile.Section] {
        var sections = sections
        guard let defaults = sections.removeValue(forKey: Self.defaults) else { return sections }
        for fault in faultyDefaults.sorted(by: { $0.value.line < $1.value.line })
        where names.contains(where: { sections[$0]?.texts[fault.key] == nil }) {
            throw fault.value
        }
        for name in names { sections[name]?.take(defaults) }
        return sections
    }

    /// The text between the first bracket and the last one; the rest of the line is ignored.
    private static func sectionName(_ text: Substring) -> Substring? {
        guard text.utf8.first == UInt8(ascii: "["), let end = text.utf8.lastIndex(of: UInt8(ascii: "]")) else {
            return nil
        }
        let name = text[text.utf8.index(after: text.startIndex)..<end]
        return name.isEmpty ? nil : name
    }

    private mutating func beginSection(_ name: String) throws(Fault) {
        section = name
        key = nil
        if name == Self.defaults {
            sections[name] = sections[name] ?? INIFile.Section()
        } else {
            try claim([name], "the section")
            sections[name] = INIFile.Section()
            names.append(name)
        }
    }

    private mutating func readProperty(_ text: Substring, indentation: Int) throws(Fault) {
        guard let section else { throw fault("a setting stands before the first section") }
        guard let delimiter = text.utf8.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else {
            let isSection = text.utf8.first == UInt8(ascii: "[")
            throw fault(isSection ? "a section's name has no closing bracket" : "there is no = on it")
        }
        let name = text[..<delimiter].trimmingINIBlanks.lowercased()
        guard !name.isEmpty else { throw fault("there is no key before the =") }
        let value = text[text.utf8.index(after: delimiter)...].trimmingINIBlanks
        try claim([section, name], "the key")
        sections[section]?.texts[name] = String(value)
        key = OpenKey(name: name, indentation: indentation, hasValue: !value.isEmpty)
    }

    /// Below a key without a value, the line is a nested setting; below one with a value, it continues the value.
    private mutating func readIndented(_ text: Substring, of key: OpenKey) throws(Fault) {
        guard let section else { return }
        self.key?.emptyLines = 0
        guard !key.hasValue else {
            // Appended in place: a copy for every line would take quadratic time.
            sections[section]?.texts[key.name]?.append(String(repeating: "\n", count: key.emptyLines + 1))
            sections[section]?.texts[key.name]?.append(contentsOf: text)
            return
        }
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            let fault = fault("there is no = on it")
            guard section == Self.defaults else { throw fault }
            if faultyDefaults[key.name] == nil { faultyDefaults[key.name] = fault }
            return
        }
        let name = String(text[..<equals].trimmingINIBlanks)
        let value = String(text[text.utf8.index(after: equals)...].trimmingINIBlanks)
        sections[section]?.nested[key.name, default: [:]][name] = value
    }

    private mutating func claim(_ path: [String], _ what: String) throws(Fault) {
        if let first = firstLines[path] { throw fault("it repeats \(what) of line \(first)") }
        firstLines[path] = line
    }

    private func fault(_ problem: String) -> Fault { Fault(line: line, problem: "\(problem); correct that line") }
}

extension INIFile.Section {
    fileprivate mutating func take(_ defaults: Self) {
        for (key, text) in defaults.texts where texts[key] == nil {
            texts[key] = text
            nested[key] = defaults.nested[key]
        }
    }
}

extension Unicode.Scalar {
    /// Python's white space: Unicode's, and four separators of ASCII.
    fileprivate var isINIBlank: Bool { properties.isWhitespace || (0x1c...0x1f).contains(value) }
}

extension Substring {
    /// Without the white space around it.
    fileprivate var trimmingINIBlanks: Substring {
        let scalars = unicodeScalars
        guard let start = scalars.firstIndex(where: { !$0.isINIBlank }),
            let last = scalars.lastIndex(where: { !$0.isINIBlank })
        else { return "" }
        return self[start..<scalars.index(after: last)]
    }
}
