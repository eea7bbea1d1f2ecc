import SystemPackage
import Text

/// A path on this machine, as users write it in an option or the configuration file.
enum LocalPath {
    /// The role of a path.
    enum Role {
        /// The parent directory of exports.
        case output
        /// A file or directory with any name, also one that no export would use.
        case anyName
        case other
    }

    /// - Parameters:
    ///   - role: for messages.
    ///   - directory: where a relative path starts; empty for the working directory.
    ///   - home: the replacement of a leading `~`.
    /// - Throws: for a text that would lead to an unexpected place: a URL, `-`, another user's home.
    static func parse(
        _ text: String, _ origin: SettingOrigin, _ role: Role = .other, from directory: FilePath = ""
    ) throws(ConfigurationError) -> FilePath {
        guard !text.isEmpty else { throw origin.error("the path is empty; name a file or directory") }
        guard role == .anyName || !text.hasASCIIControl else {
            throw origin.error("the path contains a control character; remove it")
        }
        let kind = role == .output ? "the output is a local directory" : "this is a path on the local file system"
        guard !isURL(text) else {
            throw origin.pathError(
                "\"\(text.shown(limit: 200))\" is a URL, but \(kind)"
                    + (role == .output ? "; export to one, then copy it with a tool such as aws s3 sync" : ""))
        }
        guard text != "-" else {
            throw origin.pathError("- is a standard stream, but \(kind); write ./- if that is its name")
        }
        return directory.pushing(FilePath(try expanded(text, origin)))
    }

    /// Whether a text has the form `scheme://…`.
    static func isURL(_ text: String) -> Bool {
        guard let end = text.firstRange(of: "://")?.lowerBound, let first = text.first else { return false }
        return first.isASCII && first.isLetter
            && text[..<end].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    }

    /// Shells expand `~` only at the beginning of a word: not in `--output=~/export`, and not in a file.
    private static func expanded(
        _ text: String, _ origin: SettingOrigin
    ) throws(ConfigurationError) -> String {
        guard text.hasPrefix("~") else { return text }
        let rest = text.dropFirst()
        guard rest.isEmpty || rest.hasPrefix("/") else {
            throw origin.pathError(
                "the home of another user is not looked up; write the whole path, or ./~… for a name that begins so")
        }
        guard let home = try ProcessText.variable("HOME"), home.hasPrefix("/") else {
            throw origin.pathError("~ is the home directory, but HOME is no absolute path; write the whole path")
        }
        return home + rest
    }
}
