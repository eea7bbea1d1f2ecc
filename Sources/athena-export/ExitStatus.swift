import Athena
import AWS
import BatchExport
import Files
import ProcessLimits
import SystemPackage
import Upload

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The exit status, by the numbers of sysexits.h. Schedulers rely on them.
enum ExitStatus: Int32, Error {
    case success = 0
    /// The query ended FAILED or CANCELLED.
    case queryFailed = 1
    case usage = 64
    case untrustedData = 65
    case noInput = 66
    case cannotCreate = 73
    case inputOutput = 74
    /// The same command, run later, continues.
    case temporary = 75
    case noPermission = 77
    case configuration = 78
    /// SIGHUP: the terminal has gone away.
    case hungUp = 129
    case interrupted = 130
    case terminated = 143

    /// The status for an error.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as ConfigurationError: error.exitStatus
            case let error as FixtureError: Self.of(error)
            case let error as ExportError: Self.of(error)
            case let error as AthenaExportError: Self.of(error)
            case let error as AWSError: Self.of(error)
            case let error as UploadError: Self.of(error)
            // The rows are exported, and the same command continues.
            case is RunUploadError: .temporary
            case let error as ProcessLimitError: error.isTemporary ? .temporary : .inputOutput
            default: .inputOutput
            }
    }

    private static func of(_ error: FixtureError) -> ExitStatus {
        switch error {
        case .noDirectory, .empty: .noInput
        case .unreadableDirectory(let error): error.errno.remedy != nil ? .inputOutput : .noInput
        case .missing, .malformed: .untrustedData
        case .unreadable(let failure): failure.remedy != nil ? .inputOutput : .untrustedData
        case .otherRecording: .cannotCreate
        case .cannotWrite(let error): error.errno.remedy != nil ? .inputOutput : .cannotCreate
        }
    }

    private static func of(_ error: ExportError) -> ExitStatus {
        switch error {
        case .schema, .options, .untrusted, .otherRequest, .schemaChanged, .inconsistentSource,
            .tooManyDeletes, .resultRowTooLong:
            .untrustedData
        case .rowTooLong: .usage
        case .locked: .temporary
        case .cannotCreate(_, let errno):
            errno.remedy != nil ? .inputOutput : .cannotCreate
        case .io, .filesGone: .inputOutput
        }
    }

    private static func of(_ error: AthenaExportError) -> ExitStatus {
        switch error {
        case .queryEnded, .statementRefused: .queryFailed
        case .queryTimedOut, .resultNotReady: .temporary
        case .executionGone, .malformedAnswer, .repeatedPageToken, .resultGone, .resultReplaced, .malformedResult,
            .resultNotUTF8, .rowTooLarge, .notAQuery, .resultUnfit:
            .untrustedData
        case .resultUnreadable(_, let error): of(error)
        case .notInS3, .noCursor, .startRefused: .configuration
        case .unfitStatement, .notNested: .usage
        case .unload(let error): of(error)
        }
    }

    private static func of(_ error: UnloadError) -> ExitStatus {
        switch error {
        case .unsupportedColumn, .noTarget, .targetTooLong, .clientSideEncryption, .statementTooLong: .configuration
        case .foreign, .needsSource: .usage
        case .targetExists: .queryFailed
        case .manifest, .noManifest, .rowCountDiffers, .objectGone, .objectRemoved, .objectChanged, .malformed:
            .untrustedData
        }
    }

    private static func of(_ error: AWSError) -> ExitStatus {
        switch error.category {
        case .temporary: .temporary
        case .credentials: .noPermission
        case .configuration, .refused: .configuration
        case .untrustedAnswer: .untrustedData
        }
    }

    private static func of(_ error: UploadError) -> ExitStatus {
        switch error.category {
        case .untrusted: .untrustedData
        case .inputOutput: .inputOutput
        case .temporary: .temporary
        case .service(let error): of(error)
        }
    }

    /// The name of the kind of error in the JSON summary.
    var kind: String {
        switch self {
        case .success: "none"
        case .queryFailed: "query"
        case .usage: "usage"
        case .untrustedData: "data"
        case .noInput: "no_input"
        case .cannotCreate: "cannot_create"
        case .inputOutput: "io"
        case .temporary: "temporary"
        case .noPermission: "credentials"
        case .configuration: "configuration"
        case .hungUp, .interrupted, .terminated: "interrupted"
        }
    }

    func exit() -> Never {
        #if canImport(Glibc)
            Glibc.exit(rawValue)
        #elseif canImport(Musl)
            Musl.exit(rawValue)
        #else
            Darwin.exit(rawValue)
        #endif
    }
}
