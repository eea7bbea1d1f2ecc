import AWS
import Text

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Arguments and environment variables as text.
///
/// The system passes bytes. Bytes that are not UTF-8 would be replaced in a String, and a path with them would silently
/// lead to another place.
enum ProcessText {
    /// - Throws: for an argument that is not UTF-8.
    static func checkArguments() throws(ConfigurationError) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { return }
            guard unsafe String(validatingCString: argument) == nil else { continue }
            let shown = unsafe String(cString: argument).shown(limit: 80)
            throw .option(
                name: "argument \(index)",
                problem:
                    "\"\(shown)\" is not UTF-8, which arguments must be; write it in UTF-8, or rename the file that it names"
            )
        }
    }

    /// The value of an environment variable; nil if it is not set.
    ///
    /// - Throws: for a value that is not UTF-8.
    static func variable(_ name: String) throws(ConfigurationError) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        guard let text = unsafe String(validatingCString: value) else {
            throw .path(
                name: name, place: nil, problem: "the value of this environment variable is not UTF-8; correct it")
        }
        return text
    }

    /// - Throws: for a path in the environment that is not UTF-8.
    static func checkPathVariables() throws(ConfigurationError) {
        for name in pathVariables { _ = try variable(name) }
    }

    /// The variables with paths of AWS settings and keys.
    private static let pathVariables = [
        "HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ]
}
