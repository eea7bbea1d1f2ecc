import BatchExport

/// The format and compression that a file's name promises.
struct MergedFileName {
    private let suffix: String?

    /// - Parameter name: of a file, without its directory.
    init(_ name: String) {
        var parts = name.lowercased().split(separator: ".").map(String.init)
        if parts.last == "gz" { parts.removeLast() }
        suffix = parts.count > 1 ? parts.last : nil
    }

    private static let csv: Set<String> = ["csv"]
    private static let ndjson: Set<String> = ["ndjson", "jsonl", "json"]
    /// Suffixes of other formats and compressions.
    private static let others: Set<String> = [
        "parquet", "orc", "avro", "arrow", "feather", "ipc", "xls", "xlsx", "ods", "tsv", "tab", "xml", "html", "yaml",
        "yml", "sql", "db", "sqlite", "duckdb", "zst", "zstd", "bz2", "xz", "lzma", "lz4", "lzo", "sz", "snappy", "br",
        "z", "zip", "7z", "rar", "tar", "tgz",
    ]

    /// Why a result of this format cannot have the name; nil if it can.
    func problem(for format: FileFormat) -> String? {
        guard let suffix else { return nil }
        if Self.others.contains(suffix) {
            return "the result is \(Self.name(format)), which .\(suffix) is not; end the name in "
                + ".\(format.fileSuffix(compressed: false)) or .\(format.fileSuffix(compressed: true))"
        }
        let other: FileFormat = format == .csv ? .ndjson : .csv
        guard (other == .csv ? Self.csv : Self.ndjson).contains(suffix) else { return nil }
        return "the result is \(Self.name(format)); give --format \(other.rawValue), or end the name in "
            + ".\(format.fileSuffix(compressed: false))"
    }

    private static func name(_ format: FileFormat) -> String {
        switch format {
        case .csv: "CSV"
        case .ndjson: "NDJSON"
        }
    }
}

extension FileFormat {
    fileprivate func fileSuffix(compressed: Bool) -> String { compressed ? "\(rawValue).gz" : rawValue }
}

extension Manifest {
    /// Why the batch of an option is missing.
    func problem(ofMissing sequence: Int) -> String {
        let entries = entries
        guard let first = entries.first?.sequence, let last = entries.last?.sequence else {
            return "there is no batch \(sequence); the manifest lists none"
        }
        if sequence > last { return "there is no batch \(sequence); the last one is \(last)" }
        let left = first == last ? "only \(first) is left" : "the manifest lists \(first) to \(last)"
        return "there is no batch \(sequence): --prune-runs removed it, --restart skipped it, or its rows were "
            + "rejected; \(left)"
    }
}
