package import SystemPackage
import Text

/// A file in the INI dialect of `~/.aws/config`: sections, `key = value` or `key: value`, one nested level, comment
/// lines.
///
/// Read as strictly as botocore reads it: a repeated section or key is an error. Errors name file and line and never
/// quote the text, since any of it may be a secret.
package struct INIFile: Sendable, Equatable {
    /// By the text between the brackets.
    package let sections: [String: Section]
    /// The sections' names in the order of the file.
    package let names: [String]

    /// The keys of a section, in lower case.
    package struct Section: Sendable, Equatable {
        /// The value of every key; empty for one that has a nested level.
        var texts: [String: String] = [:]
        var nested: [String: [String: String]] = [:]

        /// A plain value; nil if it is empty, nested or missing.
        package func text(_ key: String) -> String? {
            guard let text = texts[key], !text.isEmpty else { return nil }
            return text
        }

        /// A value of the nested level: `athena` → `endpoint_url`.
        package func text(_ key: String, _ nestedKey: String) -> String? {
            guard let text = nested[key]?[nestedKey], !text.isEmpty else { return nil }
            return text
        }
    }

    /// - Parameter path: for messages.
    /// - Throws: ``AWSError/configuration(_:)``.
    package init(parsing bytes: [UInt8], path: FilePath) throws(AWSError) {
        let start = bytes.starts(with: [UInt8].byteOrderMark) ? [UInt8].byteOrderMark.count : 0
        guard let text = String(validating: bytes[start...], as: UTF8.self), !bytes.contains(0) else {
            throw .configuration(
                ConfigurationFault(source: path.string, problem: "it is not UTF-8 text; save it as UTF-8"))
        }
        var parser = INIParser()
        do throws(INIParser.Fault) {
            for line in text.lines { try parser.read(line) }
            sections = try parser.finish()
        } catch {
            throw .configuration(
                ConfigurationFault(source: "\(path), line \(error.line)", problem: error.problem))
        }
        names = parser.names
    }
}

extension String {
    /// Lines that end with LF, CR LF or CR.
    fileprivate var lines: [Substring] {
        var lines: [Substring] = []
        var rest = utf8[...]
        while let end = rest.firstIndex(where: { $0 == .lineFeed || $0 == .carriageReturn }) {
            lines.append(Substring(rest[..<end]))
            let isPair = rest[end] == .carriageReturn && rest[rest.index(after: end)...].first == .lineFeed
            rest = rest[rest.index(end, offsetBy: isPair ? 2 : 1)...]
        }
        return lines + [Substring(rest)]
    }
}
