/// Reads an INI file line by line.
struct INIParser {
    private(set) var sections: [String: INIFile.Section] = [:]
    private var line = 0
    private var section: String?
    private var key: OpenKey?
    /// Where each section, key and nested key was first seen.
    private var firstLines: [[String]: Int] = [:]

    struct Fault: Error {
        let line: Int
        let problem: String
    }

    /// The key that indented lines belong to.
    private struct OpenKey {
        let name: String
        let indentation: Int
    }

    mutating func read(_ bytes: Substring.UTF8View.SubSequence) throws(Fault) {
        line += 1
        let indentation = bytes.prefix(while: \.isASCIIBlank).count
        let text = Substring(bytes).trimmingBlanks
        guard let first = text.utf8.first else { return }
        if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") { return }
        if let key, indentation > key.indentation {
            try readNested(text, of: key)
        } else if first == UInt8(ascii: "[") {
            try readSection(text)
        } else {
            try readProperty(text, indentation: indentation)
        }
    }

    private mutating func readSection(_ text: String) throws(Fault) {
        guard let end = text.firstIndex(of: "]") else { throw fault("a section's name has no closing bracket") }
        let rest = text[text.index(after: end)...].trimmingBlanks
        guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else {
            throw fault("there is text after a section's closing bracket")
        }
        let name = text[text.index(after: text.startIndex)..<end].trimmingBlanks
        guard !name.isEmpty else { throw fault("a section has no name") }
        try claim([name], "the section")
        section = name
        key = nil
        sections[name] = INIFile.Section()
    }

    private mutating func readProperty(_ text: String, indentation: Int) throws(Fault) {
        guard let section else { throw fault("a setting stands before the first section") }
        let (name, value) = try split(text)
        try claim([section, name], "the key")
        sections[section]?.texts[name] = value
        key = OpenKey(name: name, indentation: indentation)
    }

    /// Below a key without value, a setting of its own; below one with a value, more of that value.
    private mutating func readNested(_ text: String, of key: OpenKey) throws(Fault) {
        guard let section else { return }
        // Added to in its place: taken out, it would be copied for every line.
        if sections[section]?.texts[key.name]?.isEmpty == false {
            sections[section]?.texts[key.name]?.append("\n\(text)")
        } else {
            let (name, value) = try split(text)
            try claim([section, key.name, name], "the nested key")
            sections[section]?.nested[key.name, default: [:]][name] = value
        }
    }

    private func split(_ text: String) throws(Fault) -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "=") else { throw fault("there is no = on it") }
        let name = text[..<equals].trimmingBlanks.lowercased()
        guard !name.isEmpty else { throw fault("there is no key before the =") }
        return (name, Self.withoutComment(text[text.index(after: equals)...]))
    }

    /// A comment after a value begins with a blank; without one, # and ; belong to the value.
    private static func withoutComment(_ value: Substring) -> String {
        var previous: Character = " "
        for index in value.indices {
            if (value[index] == "#" || value[index] == ";") && (previous == " " || previous == "\t") {
                return value[..<index].trimmingBlanks
            }
            previous = value[index]
        }
        return value.trimmingBlanks
    }

    private mutating func claim(_ path: [String], _ what: String) throws(Fault) {
        if let first = firstLines[path] { throw fault("it repeats \(what) of line \(first)") }
        firstLines[path] = line
    }

    private func fault(_ problem: String) -> Fault { Fault(line: line, problem: problem) }
}
