import SystemPackage

/// Why a program was not run to its end.
enum ProgramError: Error, Equatable, CustomStringConvertible {
    /// There is no such program, or it may not be run.
    case notFound
    case notStarted(Errno)
    case timedOut(Duration)
    /// - Parameter limit: in bytes.
    case tooMuchOutput(limit: Int)
    /// Reading its output or waiting for it failed.
    case lost(Errno)

    /// Begins so that the program's name can stand before it.
    var description: String {
        switch self {
        case .notFound: "could not be started: it was not found, or may not be run"
        case .notStarted(let errno): "could not be started: \(errno)"
        case .timedOut(let limit): "did not end within \(limit.components.seconds) s"
        case .tooMuchOutput(let limit): "wrote more than \(limit) bytes"
        case .lost(let errno): "could not be followed to its end: \(errno)"
        }
    }
}
