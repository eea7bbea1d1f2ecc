import CGlibc
public import SystemPackage

/// A limit of the machine or of this process that leaves too little to work with.
public enum ProcessLimitError: Error, Equatable, CustomStringConvertible {
    /// So many threads are needed, and fewer can be made.
    case threads(needed: Int, Errno)
    /// No thread could be made for so long, and nothing went on meanwhile.
    case noThread(during: Duration, Errno)
    /// So many more files must be open at a time, and fewer can be.
    case openFiles(needed: Int, available: Int, Errno)
    /// So many more bytes of address space are needed, and there are fewer.
    case memory(needed: Int, Errno)

    /// Whether the same command may work later without a change: others use up what is shared.
    public var isTemporary: Bool {
        switch self {
        case .threads, .noThread: true
        case .openFiles(_, _, let errno): errno == .tooManyOpenFilesInSystem
        case .memory: false
        }
    }

    /// One line: what is missing, the system's answer, the limits to raise.
    public var description: String {
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
                + Self.raise([Self.limit("open files", "-n", climit_of_files())])
        case .memory(let needed, let errno):
            "\(needed >> 20) MiB more memory are needed: \(errno); " + Self.raise(Self.memoryLimits)
        }
    }

    private static func raise(_ limits: [String?]) -> String {
        "raise the limit of \(limits.compactMap { $0 }.joined(separator: " or ")), then run the same command again"
    }

    private static var threadLimits: [String?] {
        [limit("processes", "-u", climit_of_processes()) ?? "processes"] + memoryLimits
            + ["the container's limit of processes"]
    }

    private static var memoryLimits: [String?] {
        [
            limit("address space", "-v", climit_of_address_space(), per: 1024),
            limit("data", "-d", climit_of_data(), per: 1024),
        ]
    }

    /// A limit as the shell's `ulimit` calls it and counts it; nil where there is none.
    private static func limit(_ name: String, _ option: String, _ value: UInt64, per unit: UInt64 = 1) -> String? {
        value == .max ? nil : "\(name) (ulimit \(option), now \(value / unit))"
    }
}
