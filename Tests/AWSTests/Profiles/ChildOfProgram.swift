import Foundation
import SystemPackage

/// A process that a program under test has started.
struct ChildOfProgram {
    private let id: pid_t

    /// - Parameter text: the process's number, as a shell's `echo $!` prints it; nil if it is not complete.
    init?(_ text: String) {
        guard text.hasSuffix("\n"), let id = pid_t(text.dropLast()) else { return nil }
        self.id = id
    }

    /// Whether it has not ended. A process that has ended may still be listed until its new parent asks for its status.
    var isRunning: Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ") && !stat.contains(") X ")
    }

    /// Waits for its end, which comes soon after SIGKILL.
    func ends() async -> Bool {
        for _ in 0..<6000 {
            if !isRunning { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    func kill() { Foundation.kill(id, SIGKILL) }
}

extension TemporaryFiles {
    /// The beginning of a shell script that starts a child and writes its number to a file.
    var startingChild: String { "sleep 1000 & echo $! >\(directory)/child; " }

    /// The child that such a script has started; nil before that.
    var startedChild: ChildOfProgram? { ChildOfProgram(read(directory.appending("child"))) }

    /// - Parameter interpreter: the first line.
    func writeProgram(_ text: String, named name: String, interpreter: String = "#!/bin/sh\n") throws {
        let path = directory.appending(name)
        write(interpreter + text + "\n", to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
    }
}
