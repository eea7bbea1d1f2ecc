/// Why a text is not JSON, or not the JSON that is expected.
public enum JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not JSON at all (RFC 8259): what was expected at which byte, counted from 0.
    case syntax(offset: Int, reason: String)
    /// Valid JSON with a wrong member. `path` is written `batches[2].rows`; `found` never quotes a value that could be
    /// a secret or a row.
    case field(path: String, expected: String, found: String)

    public var description: String {
        switch self {
        case .syntax(let offset, let reason): "byte \(offset): \(reason)"
        case .field(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
        }
    }
}
