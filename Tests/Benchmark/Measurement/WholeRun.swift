import BatchExport
import Files
import FoundationEssentials
import JSON
import SystemPackage

/// One way to export one result with the real command.
struct WholeRun {
    let content: RunContent
    /// As `--source` spells it.
    let source: String
    let cores: Int
    /// Milliseconds that every call takes in addition to its work.
    let latency: Int

    var name: String {
        "run/\(content.name)/\(source)/\(cores)-core\(cores == 1 ? "" : "s")/\(latency)-ms"
    }

    /// - Parameter directory: the output directory; its content is removed first.
    func run(_ program: String, server: ServerProcess, directory: String) throws -> RunOutcome {
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // `taskset` is replaced by the command with exec, so it costs hardly any time.
        var child = ChildProcess(
            command: (cores == 1 ? ["taskset", "-c", "0"] : []) + [
                program, "run", "--source", source, "--format", content.format.rawValue, "--table",
                content.table.rawValue, "--key", content.table.key, "--output", directory, "--summary", "json",
                "--log-level", "warning",
            ])
        child.environment.merge([
            "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
        ]) { $1 }
        child.output = "\(directory)/summary.json"
        child.errors = "\(directory)/errors"
        let (status, sample) = try child.run()
        guard status == 0 else {
            let errors = (try? BoundedFile.read(FilePath(child.errors), limit: 1 << 20).bytes) ?? []
            let line = errors.split(separator: 0x0a).first.map { String(decoding: $0, as: UTF8.self) }
            return .failed(line ?? "exit status \(status)")
        }
        let summary = JSONField(try JSONValue(parsing: BoundedFile.read(FilePath(child.output), limit: 1 << 20).bytes))
        // A run that exports fewer rows is not comparable.
        try summary.member("rows").expectCount(content.rows)
        return .measured(sample, bytes: try summary.member("uncompressed_bytes").integer())
    }
}

enum RunOutcome {
    /// The bytes are those before compression.
    case measured(Sample, bytes: Int)
    /// The command's own message.
    case failed(String)
}

/// The bytes that a run writes, whatever its source. Runs of one content are comparable with each other and with
/// compressors of these bytes.
struct RunContent: Hashable {
    let table: BenchmarkTable
    let rows: Int
    let format: FileFormat

    var name: String { "\(table.rawValue)/\(format.rawValue)" }
}

extension JSONField {
    fileprivate func expectCount(_ expected: Int) throws(JSONError) {
        guard try integer() == expected else { throw mismatch("\(expected)") }
    }
}
