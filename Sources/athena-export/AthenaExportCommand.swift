import ArgumentParser
import CGlibc
import Dispatch
import ProcessLimits
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The root command. `run` is its default subcommand.
struct AthenaExportCommand: AsyncParsableCommand {
    static let version = "0.2.0"

    static let configuration = CommandConfiguration(
        commandName: "athena-export",
        abstract: "Export the result of an Amazon Athena query to gzip-compressed CSV or NDJSON files.",
        discussion: """
            Runs the query, waits for it, and writes its rows in batches to <output>/<table>/data. manifest.json beside \
            them says what to load, in which order, and how to merge it; state.json is the checkpoint from which the \
            same command continues after a crash.
            """,
        version: version,
        subcommands: [
            RunCommand.self, InitCommand.self, CheckCommand.self, StatusCommand.self, VerifyCommand.self,
            MergeCommand.self, LoaderCommand.self, UploadCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

@main
enum Main {
    /// No task starts before its resources are there: Dispatch would wait for ever, or trap.
    static func main() {
        occupyStandardDescriptors()
        forbidCoreFiles()
        // The reader of our output may close it; that ends the writing, not the export.
        signal(SIGPIPE, SIG_IGN)
        // By default, glibc gives each thread a heap of its own. Pages and chunks move between threads, and the freed
        // parts of several heaps add up over a long run. One heap is enough: threads allocate too seldom to wait for
        // each other.
        cglibc_limit_arenas(1)
        // Pages and chunks are freed by the megabyte and soon needed again. If the memory went back to the system each
        // time, every four kilobytes would cost a page fault.
        cglibc_keep_freed(32 << 20)
        // A file that exceeds the process's size limit is an error of the call that writes it.
        signal(SIGXFSZ, SIG_IGN)
        let console = Console()
        do throws(ProcessLimitError) {
            ProcessNeeds.giveThreadsEnoughStack()
            try ProcessNeeds.tasks(cores: Assembly.cores).check()
            try ThreadWatchdog.start { end(with: $0, on: console) }
        } catch {
            end(with: error, on: console)
        }
        // A task that begins on the main thread has a higher priority than one that begins on libcurl's. Dispatch has other
        // threads for each priority: they would wake each other for each page, and the higher ones go before other programs.
        Task(priority: .medium) { await run(console) }
        dispatchMain()
    }

    private static func run(_ console: Console) async -> Never {
        do {
            try ProcessText.checkArguments()
            var command = try AthenaExportCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            ExitStatus.success.exit()
        } catch let status as ExitStatus {
            status.exit()
        } catch {
            end(with: error, on: console)
        }
    }

    /// Opens /dev/null in the place of standard streams that are closed. Else the next opened file would get such a
    /// number, and the log would be written into it. Read-only, so that writing still fails.
    private static func occupyStandardDescriptors() {
        while let file = unsafe try? FileDescriptor.open("/dev/null", .readOnly) {
            if file.rawValue > FileDescriptor.standardError.rawValue {
                try? file.close()
                return
            }
        }
    }

    /// A core file would contain the credentials.
    private static func forbidCoreFiles() {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        #if canImport(Glibc)
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        #else
            _ = unsafe setrlimit(RLIMIT_CORE, &limit)
        #endif
    }

    /// Help and version go to standard output; everything else is an error in the arguments.
    private static func end(with error: any Error, on console: Console) -> Never {
        let code = AthenaExportCommand.exitCode(for: error)
        guard code != .success else {
            console.writeOutput(CommandOverview.text(for: error) + "\n")
            ExitStatus.success.exit()
        }
        if code == .validationFailure {
            console.writeError(ArgumentErrorText(error, arguments: Array(CommandLine.arguments.dropFirst())).text)
            ExitStatus.usage.exit()
        }
        console.writeError(error)
        ExitStatus(error).exit()
    }
}
