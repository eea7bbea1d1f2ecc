import CGlibc
package import SystemPackage

/// A limit of the machine or of this process that is too low.
package enum ProcessLimitError: Error, Equatable, CustomStringConvertible {
    /// The number of threads that are needed; the system allows fewer.
    case threads(needed: Int, Errno)
    /// No thread could be made for so long, and the process was idle meanwhile.
    case noThread(during: Duration, Errno)
    /// The number of files that must be open beside the open ones; fewer are allowed.
    case openFiles(needed: Int, available: Int, Errno)
    /// The bytes of address space that are needed beside those in use; fewer are left.
    case memory(needed: Int, Errno)

    /// Whether the same command may work later: the limit is shared with other processes.
    package var isTemporary: Bool {
        switch self {
        case .threads, .noThread: true
        case .openFiles(_, _, let errno): errno == .tooManyOpenFilesInSystem
        case .memory: false
        }
    }

    /// One line: what is missing, the system's answer, the limits to raise.
    package var description: String {
        switch self {
        case .threads(let needed, let errno):
            "\(needed) more threads are needed, and the system does not make them: \(errno); "
                + Self.raise(Self.threadLimits)
        case .noThread(let time, let errno):
            "the system has made no thread for \(time.components.seconds) s: \(errno); " + Self.raise(Self.threadLimits)
        case .openFiles(let needed, let available, .tooManyOpenFilesInSystem):
            "\(needed) more files must be open at a time, and only \(available) can be: "
                + "\(Errno.tooManyOpenFilesInSystem); end programs that hold files open, then run the same command again"
        case .openFiles(let needed, let available, let errno):
            "\(needed) more files must be open at a time, and only \(available) can be: \(errno); "
                + Self.raise([Self.limit("open files", "-n", cglibc_limit_of_files())])
        case .memory(let needed, let errno):
            "\(needed >> 20) MiB more memory are needed: \(errno); " + Self.raise(Self.memoryLimits)
        }
    }

    private static func raise(_ limits: [String?]) -> String {
        let names = limits.compactMap { $0 }.joined(separator: " or ")
        return (names.isEmpty ? "free memory on this machine" : "raise the limit of \(names)")
            + ", then run the same command again"
    }

    private static var threadLimits: [String?] {
        [limit("processes", "-u", cglibc_limit_of_processes()) ?? "processes"] + memoryLimits
            + ["the container's limit of processes"]
    }

    private static var memoryLimits: [String?] {
        [
            limit("address space", "-v", cglibc_limit_of_address_space(), per: 1024),
            limit("data", "-d", cglibc_limit_of_data(), per: 1024),
        ]
    }

    /// A limit in the words and units of the shell's `ulimit`; nil if there is none.
    private static func limit(_ name: String, _ option: String, _ value: UInt64, per unit: UInt64 = 1) -> String? {
        value == .max ? nil : "\(name) (ulimit \(option), now \(value / unit))"
    }
}
