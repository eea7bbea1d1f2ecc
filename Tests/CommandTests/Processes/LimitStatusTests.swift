import Athena
import BatchExport
import Files
import SystemPackage
import Testing

@testable import athena_export

@Suite struct `A file that cannot be opened` {
    /// Every error that opening a file can become.
    private static func errors(_ errno: Errno) -> [(any Error, otherwise: CommandStatus)] {
        let error = FileError("open", "x", errno)
        return [
            (FixtureError.unreadableDirectory(error), .noInput),
            (FixtureError.unreadable(.unreadable(error)), .untrustedData),
            (FixtureError.cannotWrite(error), .cannotCreate),
            (ConfigurationError.unreadable(.unreadable(error), purpose: "--config"), .noInput),
            (ExportError.cannotCreate(path: "x", errno), .cannotCreate),
            (ExportError.io(operation: "open", path: "x", errno), .inputOutput),
        ]
    }

    @Test(
        arguments: [
            (.tooManyOpenFiles, "raise the limit of open files (ulimit -n)"),
            (.tooManyOpenFilesInSystem, "end programs that hold files open"),
            (.noMemory, "give the process more memory"),
            (.noSpace, "make room"),
        ] as [(Errno, String)])
    func `a file that cannot be opened for want of room is an I/O error that says what to do`(
        _ errno: Errno, _ advice: String
    ) {
        for (error, _) in Self.errors(errno) {
            #expect(CommandStatus(error) == .inputOutput)
            #expect("\(error)".contains("\(errno); \(advice), then run the same command again"), "\(error)")
        }
    }

    @Test(arguments: [.permissionDenied, .tooManySymbolicLinkLevels] as [Errno])
    func `a file that cannot be opened for its own reason has a status of its own`(_ errno: Errno) {
        for (error, status) in Self.errors(errno) {
            #expect(CommandStatus(error) == status && !"\(error)".contains("ulimit"), "\(error)")
        }
    }
}
