/// What the shared config and credentials files say together.
public struct SharedConfig: Sendable {
    private let profiles: [String: Profile]
    private let ssoSessions: [String: INIFile.Section]
    private let services: [String: INIFile.Section]
    private let source: String

    /// - Parameters:
    ///   - config: sections `[default]`, `[profile NAME]`, `[sso-session NAME]`, `[services NAME]`.
    ///   - credentials: sections `[NAME]`.
    ///   - source: names the files in messages.
    public init(config: INIFile?, credentials: INIFile?, source: String = "the shared files") {
        var profiles: [String: Profile] = [:]
        var ssoSessions: [String: INIFile.Section] = [:]
        var services: [String: INIFile.Section] = [:]
        // In an order, so that two spellings of one name always come out the same: without quotes wins.
        for (header, section) in (config?.sections ?? [:]).sorted(by: { $0.key < $1.key }) {
            switch SectionHeader(header) {
            case .named("profile", let name): profiles[name] = Profile(config: section)
            case .named("sso-session", let name): ssoSessions[name] = section
            case .named("services", let name): services[name] = section
            // [profile default] is the later spelling and wins.
            case .bare("default") where config?.sections["profile default"] == nil:
                profiles["default"] = Profile(config: section)
            default: break
            }
        }
        for (name, section) in credentials?.sections ?? [:] {
            profiles[name, default: Profile()].credentials = section
        }
        self.profiles = profiles
        self.ssoSessions = ssoSessions
        self.services = services
        self.source = source
    }

    /// A profile; nil if it is missing and nobody named it.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` if somebody named it and it is missing.
    public func profile(_ name: ProfileName) throws(AWSError) -> Profile? {
        if let profile = profiles[name.text] { return profile }
        guard let origin = name.origin else { return nil }
        throw .configuration(
            ConfigurationFault(
                source: origin,
                problem: "the profile \"\(name)\" is not in \(source); name one that is, or add it there"))
    }

    /// A `[sso-session NAME]` section.
    public func ssoSession(_ name: String) -> INIFile.Section? { ssoSessions[name] }

    /// A `[services NAME]` section, which profiles point to with `services = NAME`.
    public func services(_ name: String) -> INIFile.Section? { services[name] }
}

/// A profile's settings, with the file that each comes from.
public struct Profile: Sendable, Equatable {
    /// What the config file says.
    public internal(set) var config = INIFile.Section()
    /// What the credentials file says.
    public internal(set) var credentials = INIFile.Section()

    /// A setting; the credentials file's goes before the config file's.
    public subscript(key: String) -> String? { credentials.text(key) ?? config.text(key) }
}

/// A profile's name and who named it.
public struct ProfileName: Sendable, Equatable, CustomStringConvertible {
    let text: String
    /// `AWS_PROFILE` or the like; nil if nobody did, and it is `default`.
    let origin: String?

    /// - Parameter origin: whose choice it is, for messages.
    public init(_ text: String, origin: String) {
        self.text = text
        self.origin = origin
    }

    private init() {
        text = "default"
        origin = nil
    }

    public static let `default` = ProfileName()

    public var description: String { text.shown(limit: 100) }
}

private enum SectionHeader {
    case bare(String)
    case named(String, String)

    init(_ text: String) {
        guard let blank = text.utf8.firstIndex(where: \.isASCIIBlank) else {
            self = .bare(text)
            return
        }
        let name = text[blank...].trimmingBlanks
        let quote = name.first
        let isQuoted = name.count >= 2 && (quote == "\"" || quote == "'") && name.last == quote
        self = .named(String(text[..<blank]), isQuoted ? String(name.dropFirst().dropLast()) : name)
    }
}
