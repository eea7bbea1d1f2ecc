import CGlibc
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process that was started and has not been waited for.
struct SpawnedProcess {
    private let id: pid_t
    private let output: FileDescriptor
    private let errors: FileDescriptor

    init(_ command: [String], environment: [String: String]) throws(ChildProcessError) {
        let (output, outputEnd) = try Self.pipe()
        defer { try? outputEnd.close() }
        let errors: FileDescriptor
        let errorsEnd: FileDescriptor
        do throws(ChildProcessError) {
            (errors, errorsEnd) = try Self.pipe()
        } catch {
            try? output.close()
            throw error
        }
        defer { try? errorsEnd.close() }
        do throws(Errno) {
            id = try Self.spawn(command, environment, output: outputEnd, errors: errorsEnd)
        } catch {
            try? output.close()
            try? errors.close()
            throw .notStarted(error)
        }
        self.output = output
        self.errors = errors
    }

    /// Both ends are closed in other children.
    private static func pipe() throws(ChildProcessError) -> (read: FileDescriptor, write: FileDescriptor) {
        do {
            let pipe = try FileDescriptor.pipe()
            for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
            return (pipe.readEnd, pipe.writeEnd)
        } catch {
            throw .notStarted(error as? Errno ?? .ioError)
        }
    }

    /// libcurl's sockets, say, are nothing for a program that somebody configured. Closed by the child itself: other
    /// threads may open files until it has its own.
    private static func closeOthers(_ actions: inout posix_spawn_file_actions_t, _ flags: inout Int32) {
        #if canImport(Glibc)
            cspawn_close_from(&actions, 3)
        #elseif canImport(Darwin)
            flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            for descriptor in 3..<Int32(clamping: min(max(sysconf(Int32(_SC_OPEN_MAX)), 3), 4096)) {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        #endif
    }

    private static func spawn(
        _ command: [String], _ environment: [String: String], output: FileDescriptor, errors: FileDescriptor
    ) throws(Errno) -> pid_t {
        // A NUL would end the text early, and run something else than what was written.
        let texts = command + environment.flatMap { [$0.key, $0.value] }
        guard let program = command.first, !program.isEmpty, !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw .invalidArgument
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.rawValue, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.rawValue, 2)

        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        closeOthers(&actions, &flags)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // This process ignores SIGPIPE and catches others; the child is to have them as if a shell had started it.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let words = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var id: pid_t = 0
        let status = posix_spawnp(&id, program, &actions, &attributes, words, variables)
        guard status == 0 else { throw Errno(rawValue: status) }
        return id
    }
}

extension SpawnedProcess {
    /// How long nobody asks whether the task was cancelled or the time is up.
    private static let pollMilliseconds: Int32 = 20

    /// Reads what the process writes until it has ended; kills it and all its children if it does not in time.
    func collect(
        until deadline: ContinuousClock.Instant, limit: Duration, outputLimit: Int, isCancelled: () -> Bool
    ) throws -> ChildProcess.Outcome {
        defer {
            try? output.close()
            try? errors.close()
        }
        do {
            var streams = [Stream(file: output), Stream(file: errors)]
            while streams.contains(where: \.isOpen) {
                try check(deadline, limit, isCancelled)
                try Self.read(&streams)
                guard streams[0].bytes.count <= outputLimit else {
                    throw ChildProcessError.tooMuchOutput(limit: outputLimit)
                }
                streams[1].forget()
            }
            while true {
                if let end = try end(WNOHANG) {
                    return ChildProcess.Outcome(end: end, output: streams[0].bytes, errorBytes: streams[1].count)
                }
                try check(deadline, limit, isCancelled)
                usleep(UInt32(Self.pollMilliseconds) * 1000)
            }
        } catch {
            kill(-id, SIGKILL)
            _ = try? end(0)
            throw error
        }
    }

    private func check(
        _ deadline: ContinuousClock.Instant, _ limit: Duration, _ isCancelled: () -> Bool
    ) throws {
        if isCancelled() { throw CancellationError() }
        if .now >= deadline { throw ChildProcessError.timedOut(limit) }
    }

    /// One of the two pipes.
    private struct Stream {
        let file: FileDescriptor
        var isOpen = true
        var bytes: [UInt8] = []
        /// Of all bytes, those that were forgotten too.
        var count = 0

        mutating func forget() { bytes = [] }
    }

    private static func read(_ streams: inout [Stream]) throws {
        // poll passes over negative descriptors.
        var polled = streams.map { pollfd(fd: $0.isOpen ? $0.file.rawValue : -1, events: Int16(POLLIN), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), pollMilliseconds) >= 0 else {
            if errno == EINTR { return }
            throw ChildProcessError.lost(Errno(rawValue: errno))
        }
        for index in streams.indices where polled[index].revents != 0 {
            let file = streams[index].file
            let part: [UInt8]
            do {
                part = try [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
            } catch {
                throw ChildProcessError.lost(error as? Errno ?? .ioError)
            }
            streams[index].bytes += part
            streams[index].count += part.count
            if part.isEmpty { streams[index].isOpen = false }
        }
    }

    /// Nil if it runs and nobody wants to wait.
    private func end(_ options: Int32) throws(ChildProcessError) -> ChildProcess.End? {
        var status: Int32 = 0
        while true {
            switch waitpid(id, &status, options) {
            case 0: return nil
            case id: return status & 0x7f == 0 ? .exited(status: status >> 8 & 0xff) : .signaled(status & 0x7f)
            default:
                let error = Errno(rawValue: errno)
                guard error == .interrupted else { throw .lost(error) }
            }
        }
    }
}
