import Files
public import SystemPackage

/// Where the two shared files are.
public struct SharedConfigFiles: Sendable {
    public let config: FilePath
    public let credentials: FilePath

    /// No file of the kind is anywhere near this large.
    private static let maximumBytes = 1 << 20

    public init(config: FilePath, credentials: FilePath) {
        self.config = config
        self.credentials = credentials
    }

    /// `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/config` and `~/.aws/credentials`.
    public init(_ environment: AWSEnvironment) {
        func path(_ variable: String, _ standard: String) -> FilePath {
            let text = environment[variable] ?? standard
            guard text.hasPrefix("~/"), let home = environment["HOME"] else { return FilePath(text) }
            return FilePath(home).appending(String(text.dropFirst(2)))
        }
        self.init(
            config: path("AWS_CONFIG_FILE", "~/.aws/config"),
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    }

    /// Reads both; a file that is not there says nothing.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` for one that cannot be read or does not parse.
    public func load() throws(AWSError) -> SharedConfig {
        SharedConfig(
            config: try Self.read(config), credentials: try Self.read(credentials),
            source: "\(credentials) or \(config)")
    }

    private static func read(_ path: FilePath) throws(AWSError) -> INIFile? {
        let content: BoundedFile.Content
        do throws(BoundedFile.Failure) {
            content = try BoundedFile.read(path, limit: maximumBytes)
        } catch .missing {
            return nil
        } catch {
            throw .configuration(ConfigurationFault(source: "shared AWS files", problem: "\(error)"))
        }
        return try INIFile(parsing: content.bytes, path: path)
    }
}
