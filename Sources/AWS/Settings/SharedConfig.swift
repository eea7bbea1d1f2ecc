package import SystemPackage
import Text

/// The content of the shared config and credentials files together.
package struct SharedConfig: Sendable {
    private let profiles: [String: Profile]
    private let ssoSessions: [String: INIFile.Section]
    private let services: [String: INIFile.Section]
    /// The two files, in words.
    private let source: String
    /// Why existing files were not read, by path.
    private let omissions: [FilePath: String]

    /// - Parameters:
    ///   - config: sections `[default]`, `[profile NAME]`, `[sso-session NAME]`, `[services NAME]`.
    ///   - credentials: sections `[NAME]`.
    ///   - source: names the files in messages.
    ///   - omissions: why files that are there were not read, by path: "is not a regular file".
    package init(
        config: INIFile?, credentials: INIFile?, source: String = "the shared files",
        omissions: [FilePath: String] = [:]
    ) {
        var profiles: [String: Profile] = [:]
        var ssoSessions: [String: INIFile.Section] = [:]
        var services: [String: INIFile.Section] = [:]
        // Of two spellings of one name, the later one counts.
        for header in config?.names ?? [] {
            guard let section = config?.sections[header] else { continue }
            switch SectionHeader(header) {
            case .profile(let name)?: profiles[name] = Profile(config: section)
            case .ssoSession(let name)?: ssoSessions[name] = section
            case .services(let name)?: services[name] = section
            case nil: break
            }
        }
        for (name, section) in credentials?.sections ?? [:] {
            profiles[name, default: Profile()].credentials = section
        }
        self.profiles = profiles
        self.ssoSessions = ssoSessions
        self.services = services
        self.source = source
        self.omissions = omissions
    }

    /// Why existing files were not read, in words; nil if all were.
    var omissionsText: String? {
        omissions.isEmpty
            ? nil
            : omissions.sorted { $0.key.string < $1.key.string }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    /// Why an existing file was not read.
    func omission(of file: FilePath) -> String? { omissions[file] }

    /// A profile; nil if it is missing and was not named.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` if it was named and is missing.
    package func profile(_ name: ProfileName) throws(AWSError) -> Profile? {
        if let profile = profiles[name.text] { return profile }
        guard let origin = name.origin else { return nil }
        throw .configuration(
            ConfigurationFault(
                source: origin,
                problem: "the profile \"\(name)\" is not in \(source); name one that is, or add it there"))
    }

    /// A `[sso-session NAME]` section.
    package func ssoSession(_ name: String) -> INIFile.Section? { ssoSessions[name] }

    /// A `[services NAME]` section, which profiles point to with `services = NAME`.
    package func services(_ name: String) -> INIFile.Section? { services[name] }
}

/// A profile's settings, with the file that each comes from.
package struct Profile: Sendable, Equatable {
    /// The profile's section of the config file.
    package internal(set) var config = INIFile.Section()
    /// The profile's section of the credentials file.
    package internal(set) var credentials = INIFile.Section()

    /// A setting; the credentials file goes before the config file.
    package subscript(key: String) -> String? { credentials.text(key) ?? config.text(key) }
}

/// A profile's name, and where the name comes from.
package struct ProfileName: Sendable, Equatable, CustomStringConvertible {
    let text: String
    /// `AWS_PROFILE` or the like; nil if no profile was named, so that it is `default`.
    let origin: String?

    /// - Parameter origin: where the name comes from, for messages.
    package init(_ text: String, origin: String) {
        self.text = text
        self.origin = origin
    }

    private init() {
        text = "default"
        origin = nil
    }

    package static let `default` = ProfileName()

    package var description: String { text.shown(limit: 100) }
}

/// The kind of a section of the config file (botocore, `build_profile_map`).
private enum SectionHeader {
    case profile(String)
    case ssoSession(String)
    case services(String)

    /// - Returns: nil for a section of another kind, and for one whose name is not one word, quoted or not.
    init?(_ text: String) {
        if text == "default" {
            self = .profile(text)
            return
        }
        func name(after kind: String) -> String? {
            guard text.utf8.starts(with: kind.utf8), let words = try? ShellWords.split(text), words.count == 2 else {
                return nil
            }
            return words[1]
        }
        if let name = name(after: "profile") {
            self = .profile(name)
        } else if let name = name(after: "sso-session") {
            self = .ssoSession(name)
        } else if let name = name(after: "services") {
            self = .services(name)
        } else {
            return nil
        }
    }
}
