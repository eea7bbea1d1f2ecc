import Foundation
import Testing
import TestSupport

/// The fault of the command at one of its calls that touch the export's files; `fault-shim.c` causes it.
struct FileFault: Sendable, CustomStringConvertible {
    enum Action: Sendable {
        /// SIGKILL before the call.
        case kill
        /// The signal, and then the call.
        case terminate, interrupt
        /// A read or write transfers half of the bytes.
        case short
        /// The call fails with this error.
        case error(POSIXErrorCode)
    }

    let action: Action
    /// The number of the call, from 1.
    let point: Int
    /// The fault repeats after so many calls; 1 is a fault that stays.
    var every: Int?

    var description: String { "\(action) at point \(point)\(every.map { " and every \($0) after" } ?? "")" }
}

/// The library that is preloaded into the command, compiled once from `fault-shim.c`.
enum FaultShim {
    /// The library's path; nil where there is no C compiler or no LD_PRELOAD.
    static let path: String? = {
        #if os(Linux)
            guard let compiler = TestMachine.compiler else { return nil }
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "fault-shim.c")
            let library = FileManager.default.temporaryDirectory
                .appendingPathComponent("athena-export-shim-\(ProcessInfo.processInfo.processIdentifier).so")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: compiler)
            process.arguments = ["-shared", "-fPIC", "-O1", "-o", library.path, source.path, "-ldl"]
            guard (try? process.run()) != nil else { return nil }
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { return nil }
            atexit { FaultShim.path.map { _ = unlink($0) } }
            return library.path
        #else
            return nil
        #endif
    }()

    static let needs: Comment = "needs a C compiler and LD_PRELOAD"

    /// The environment of a run.
    ///
    /// - Parameters:
    ///   - root: the directory whose calls count.
    ///   - log: gets the name of each call, a line each.
    static func environment(
        _ fault: FileFault? = nil, root: String, log: String? = nil, more: [String: String] = [:]
    ) -> [String: String] {
        var environment = Executable.environment(more)
        environment["LD_PRELOAD"] = path
        environment["FAULT_ROOT"] = root
        environment["FAULT_LOG"] = log
        environment["FAULT_AT"] = fault.map { String($0.point) }
        environment["FAULT_ACTION"] = fault?.action.name
        environment["FAULT_EVERY"] = fault?.every.map(String.init)
        return environment
    }
}

extension FileFault.Action {
    fileprivate var name: String {
        switch self {
        case .kill: "kill"
        case .terminate: "term"
        case .interrupt: "int"
        case .short: "short"
        case .error(let code): "errno=\(code.rawValue)"
        }
    }
}
