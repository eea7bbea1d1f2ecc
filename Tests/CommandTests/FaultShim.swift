import Foundation
import TestSupport

/// The library that ends the command before the n-th change of a file, compiled once from `fault-shim.c`.
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
            return process.terminationStatus == 0 ? library.path : nil
        #else
            return nil
        #endif
    }()

    /// The environment for a run that is counted in `log` and, if `number` is given, killed before that change.
    static func environment(killAt number: Int? = nil, log: String? = nil) -> [String: String] {
        var environment = Executable.environment()
        environment["LD_PRELOAD"] = path
        environment["FAULT_AT"] = number.map(String.init)
        environment["FAULT_LOG"] = log
        return environment
    }
}
