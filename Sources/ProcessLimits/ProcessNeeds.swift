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

/// The resources that a command needs, tried before it begins.
///
/// If one of these runs out later, Dispatch waits for ever or the process traps. At the beginning, an error can say
/// what is missing.
package struct ProcessNeeds: Sendable, Equatable {
    /// Threads beside those that the process has.
    package var threads: Int
    /// Files, sockets and the like that are open at a time, beside those that are.
    package var openFiles: Int
    /// Bytes of address space beside those in use. The stacks of threads are not counted.
    package var memory: Int

    package init(threads: Int, openFiles: Int, memory: Int) {
        self.threads = threads
        self.openFiles = openFiles
        self.memory = memory
    }

    /// The needs of Swift's tasks in any command: the shared threads, and Dispatch's own files for timers and signals.
    ///
    /// - Parameter cores: the machine's, as many as there are shared threads.
    package static func tasks(cores: Int) -> ProcessNeeds {
        ProcessNeeds(threads: cores + 3, openFiles: 12, memory: 16 << 20)
    }

    /// The needs of work on a table's rows, those of tasks included: threads that compress, connections, batches in
    /// memory.
    ///
    /// - Parameters:
    ///   - workers: chunks compressed, and parts of a result parsed, at a time.
    ///   - tables: worked on at a time, with the same threads.
    package static func rows(workers: Int, cores: Int, tables: Int = 1) -> ProcessNeeds {
        var needs = tasks(cores: cores)
        needs.threads += workers + 4
        needs.openFiles += (16 + 2 * workers) * max(1, tables)
        needs.memory += (32 << 20) * max(1, tables)
        return needs
    }

    /// Tries whether the process can have all of it at the same time, and releases it.
    ///
    /// Raises the process's own limit of open files, as far as it may.
    /// - Throws: ``ProcessLimitError`` for what is missing.
    package func check() throws(ProcessLimitError) {
        // The files that are open already are few, so they are not counted one by one.
        cglibc_raise_limit_of_files(UInt64(openFiles) + 32)
        try checkOpenFiles()
        try checkMemory { () throws(ProcessLimitError) in try checkThreads() }
    }

    /// Sets the stack size of threads that are made from now on. By default it is the limit of the main thread's stack
    /// (`ulimit -s`), which may be a few kilobytes.
    package static func giveThreadsEnoughStack() {
        cglibc_thread_stack_at_least(2 << 20)
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

    /// - Parameter checkRest: checks that need address space, too.
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
