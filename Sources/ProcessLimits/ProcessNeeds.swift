import CGlibc
import SystemPackage
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a command needs of the machine, tried before it begins.
///
/// Where one of these runs out in the middle, Dispatch waits for ever or traps, and so does Swift. At the beginning an
/// error can still say what is missing.
public struct ProcessNeeds: Sendable, Equatable {
    /// Threads beside those that the process has.
    public var threads: Int
    /// Files, sockets and the like that are open at a time, beside those that are.
    public var openFiles: Int
    /// Bytes of address space beside those in use. The stacks of threads are not counted.
    public var memory: Int

    public init(threads: Int, openFiles: Int, memory: Int) {
        self.threads = threads
        self.openFiles = openFiles
        self.memory = memory
    }

    /// What Swift's tasks need, whatever the command: the shared threads, and Dispatch's own files for timers and signals.
    ///
    /// - Parameter cores: that the process may use, as many as there are shared threads.
    public static func tasks(cores: Int) -> ProcessNeeds {
        ProcessNeeds(threads: cores + 3, openFiles: 12, memory: 16 << 20)
    }

    /// What work on the rows of a table needs, that included: threads that compress, connections, batches in memory.
    ///
    /// - Parameter workers: chunks compressed, and parts of a result parsed, at a time.
    public static func rows(workers: Int, cores: Int) -> ProcessNeeds {
        var needs = tasks(cores: cores)
        needs.threads += workers + 4
        needs.openFiles += 16 + 2 * workers
        needs.memory += 32 << 20
        return needs
    }

    /// Tries whether the process can have all of it at a time, and gives it back.
    ///
    /// Raises the process's own limit of open files, as far as it may.
    /// - Throws: ``ProcessLimitError`` for what is missing.
    public func check() throws(ProcessLimitError) {
        // Those that are open are not counted one by one; there are few.
        climit_raise_files(UInt64(openFiles) + 32)
        try checkOpenFiles()
        try checkMemory { () throws(ProcessLimitError) in try checkThreads() }
    }

    /// The stack of every thread that is made from now on: the limit of the main thread's stack (`ulimit -s`), which they
    /// would get else, may be a few kilobytes.
    public static func giveThreadsEnoughStack() {
        cthread_stack_at_least(2 << 20)
    }

    private func checkOpenFiles() throws(ProcessLimitError) {
        var files: [FileDescriptor] = []
        defer { for file in files { try? file.close() } }
        do {
            while files.count < openFiles {
                files.append(try FileDescriptor.open("/dev/null", .readOnly, options: .closeOnExec))
            }
        } catch {
            throw .openFiles(needed: openFiles, available: files.count, error as? Errno ?? .ioError)
        }
    }

    /// - Parameter checkRest: what needs address space, too.
    private func checkMemory(_ checkRest: () throws(ProcessLimitError) -> Void) throws(ProcessLimitError) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let address = mmap(nil, memory, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard address != MAP_FAILED else { throw .memory(needed: memory, Errno(rawValue: errno)) }
        defer { munmap(address, memory) }
        try checkRest()
    }

    private func checkThreads() throws(ProcessLimitError) {
        do throws(ThreadShortage) {
            try ThreadShortage.check(threads)
        } catch {
            throw .threads(needed: threads, Errno(rawValue: error.errno))
        }
    }
}
