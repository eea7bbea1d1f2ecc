import Files
package import SystemPackage

/// Where the two shared files are.
package struct SharedConfigFiles: Sendable {
    package let config: FilePath
    package let credentials: FilePath

    /// Far more than any real file of the kind has.
    private static let maximumBytes = 1 << 20

    package init(config: FilePath, credentials: FilePath) {
        self.config = config
        self.credentials = credentials
    }

    /// `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/config` and `~/.aws/credentials`.
    package init(_ environment: AWSEnvironment) {
        func path(_ variable: String, _ standard: String) -> FilePath {
            let text = environment[variable] ?? standard
            guard text.hasPrefix("~/"), let home = environment["HOME"] else { return FilePath(text) }
            return FilePath(home).appending(String(text.dropFirst(2)))
        }
        self.init(
            config: path("AWS_CONFIG_FILE", "~/.aws/config"),
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    }

    /// Reads both. Missing files, devices, directories and files without read permission are skipped, since keys may
    /// come from elsewhere (botocore does the same).
    ///
    /// - Throws: ``AWSError/configuration(_:)`` for one that is too large or does not parse.
    package func load() throws(AWSError) -> SharedConfig {
        var omissions: [FilePath: String] = [:]
        let config = try Self.read(config, variable: "AWS_CONFIG_FILE", &omissions)
        let credentials = try Self.read(credentials, variable: "AWS_SHARED_CREDENTIALS_FILE", &omissions)
        func named(_ path: FilePath) -> String { omissions[path].map { "\(path) (it \($0))" } ?? "\(path)" }
        return SharedConfig(
            config: config, credentials: credentials, source: "\(named(self.credentials)) or \(named(self.config))",
            omissions: omissions)
    }

    private static func read(
        _ path: FilePath, variable: String, _ omissions: inout [FilePath: String]
    ) throws(AWSError) -> INIFile? {
        let content: BoundedFile.Content
        do throws(BoundedFile.Failure) {
            content = try BoundedFile.read(path, limit: maximumBytes)
        } catch {
            switch error {
            case .missing: return nil
            case .notAFile: omissions[path] = error.problem
            case .unreadable(let cause) where cause.errno == .permissionDenied || cause.errno == .notPermitted:
                omissions[path] = error.problem
            case .tooLarge:
                throw .configuration(
                    ConfigurationFault(
                        source: "shared AWS files", problem: "\(error); name the right file with \(variable)"))
            case .unreadable:
                throw .configuration(
                    ConfigurationFault(
                        source: "shared AWS files", problem: "\(error); fix that, or name another file with \(variable)"
                    ))
            }
            return nil
        }
        return try INIFile(parsing: content.bytes, path: path)
    }
}
