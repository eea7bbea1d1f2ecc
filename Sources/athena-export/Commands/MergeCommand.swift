import ArgumentParser
import BatchExport
import Files
import Logging
import ProcessLimits
import SystemPackage

/// Applies the upserts of a table's directory.
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Write the newest row of every key of a table's directory, by rising key.",
        discussion: """
            Keys are ordered by the bytes of their texts, column by column. Where rows are appended there is no key, \
            and all rows are written in the order of the batches. Every batch is compared with the manifest \
            while it is read, and nothing is written before all of them were read. Rows that do not fit into --memory \
            are sorted in a temporary file, which takes up to the size of the uncompressed rows, and twice that for \
            very many.

            Exit status: 0 done; 64 wrong arguments; 65 a batch is not what the manifest lists; 66 no such directory \
            or manifest; 73 the output cannot be made; 74 a batch cannot be read, the output cannot be written, or its \
            reader has closed it; 129, 130, 143 stopped by SIGHUP, SIGINT, SIGTERM, without an output file.
            """)

    @Argument(
        help: ArgumentHelp("The table's directory: the one with manifest.json.", valueName: "dir"),
        completion: .directory)
    var directory: String

    @Option(help: ArgumentHelp("Only batches up to this one (default: all).", valueName: "n"))
    var through: Int?

    @Option(help: "Format of the result (default: that of the files).")
    var format: FileFormat?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File that gets its name once it is complete, compressed if that ends in .gz (default: -, standard output).",
            valueName: "file"),
        completion: .file())
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Memory of the whole process, at least 64MiB; a row may have an eighth of what is above 48MiB.",
            valueName: "size"))
    var memory: ByteCount = MergeCommand.defaultMemory

    @Option(
        help: ArgumentHelp(
            "Where temporary files go (default: the output's directory, or TMPDIR, or /tmp).", valueName: "dir"),
        completion: .directory)
    var temporaryDirectory: String?

    /// The memory of the process beside the sorted rows: itself, the file that is read, the chunks that are written.
    static let ownMemory = 48 << 20
    static let minimumMemory = 64 << 20

    func validate() throws {
        if let through, through < 1 { throw ValidationError("--through: \(through) is not 1 or more") }
        guard memory.bytes >= Self.minimumMemory else { throw ValidationError("--memory: less than 64MiB") }
    }

    func run() async throws {
        do {
            try await merge()
        } catch ExportError.rowTooLong(let path, let row, _, let needed) {
            let mebibytes = (needed + Self.ownMemory) >> 20 + 1
            throw ConfigurationError.option(
                name: "--memory",
                problem: "\(memory.bytes >> 20)MiB are too little for row \(row) of \(path); give \(mebibytes)MiB, "
                    + "which are enough for any row of that file")
        } catch let error as Errno where error == .brokenPipe {
            Console().writeError("the reader of standard output has gone away before all rows were written")
            throw ExitStatus.inputOutput
        } catch let error as Errno {
            Console().writeError("standard output cannot be written: \(error); nothing of it can be relied on")
            throw ExitStatus.inputOutput
        }
    }

    private func merge() async throws {
        try ProcessNeeds.rows(workers: Assembly.workers, cores: Assembly.cores).check()
        let target = try targetPath()
        let table = try TableDirectory(directory, purpose: "merge")
        try checkThrough(table.manifest)
        if let target { try checkName(of: target, table.manifest) }
        let options = Merge.Options(
            through: through, format: format, memory: memory.bytes - Self.ownMemory,
            temporaryDirectory: try scratchDirectory(beside: target), chunksAtATime: 2 * Assembly.workers)
        let places = ProtectedPlaces(
            directories: [(table.directory.path, "the table's directory")], files: table.directory.documents)
        if let target { try places.check(target, option: "--output") }
        if temporaryDirectory != nil {
            try places.check(options.temporaryDirectory, option: "--temporary-directory")
        }
        let merge = try Merge(table.directory, table.manifest, options)
        _ = try await interruptible {
            // Made before reading, so that an impossible output fails at once.
            let output: any MergeOutput =
                if let target {
                    try MergedFile(target, level: 6, workers: Assembly.workers)
                } else {
                    StandardOutput()
                }
            return try await merge.run(into: output)
        }
    }

    /// The file for the result; nil for standard output.
    private func targetPath() throws(ConfigurationError) -> FilePath? {
        guard let output, output != "-" else { return nil }
        return try LocalPath.parse(output, .option("--output"), .anyName)
    }

    private func scratchDirectory(beside target: FilePath?) throws(ConfigurationError) -> FilePath {
        if let temporaryDirectory {
            let path = try LocalPath.parse(temporaryDirectory, .option("--temporary-directory"), .anyName)
            guard try ConfigurationError.names(in: path, purpose: "--temporary-directory") != nil else {
                throw .unreadable(.missing(path), purpose: "--temporary-directory")
            }
            return path
        }
        if let target {
            let parent = target.removingLastComponent()
            return parent.isEmpty ? "." : parent
        }
        return try Assembly.systemTemporaryDirectory()
    }

    /// Without this check, a missing batch would be left out silently.
    private func checkThrough(_ manifest: Manifest) throws(ConfigurationError) {
        guard let through, !manifest.entries.contains(where: { $0.sequence == through }) else { return }
        throw .option(name: "--through", problem: manifest.problem(ofMissing: through))
    }

    private func checkName(of target: FilePath, _ manifest: Manifest) throws(ConfigurationError) {
        let name = MergedFileName(target.lastComponent?.string ?? "")
        if let problem = name.problem(for: format ?? manifest.fileFormat) {
            throw .option(name: "--output", problem: "\(target): \(problem)")
        }
    }
}

extension MergeCommand {
    static let defaultMemory = ByteCount(bytes: 256 << 20)
}

/// Writes to standard output as chunks arrive.
private final class StandardOutput: MergeOutput {
    func write(_ chunks: [[UInt8]]) async throws {
        for chunk in chunks { try FileDescriptor.standardOutput.writeAll(chunk) }
    }

    func finish() async throws {}
}
