import BatchExport
import Files
import JSON
import SystemPackage

/// The run to which the answers in a directory of recordings belong.
struct RecordedRun: Equatable {
    private let table: String
    private let runID: String
    private let startedAt: String

    private static let formatName = "athena-export/recording"
    private static let maximumBytes = 1 << 16

    init(_ state: ExportState) {
        table = state.request.value("table") ?? ""
        runID = state.runID
        startedAt = state.startedAt
    }

    /// - Returns: nil if the directory does not say, or the file cannot be read.
    init?(reading directory: FilePath) {
        guard
            let content = try? BoundedFile.read(
                Self.file(in: directory), limit: Self.maximumBytes, followsLinks: false),
            let document = try? JSONField(JSONValue(parsing: content.bytes)),
            (try? document.member("format").string()) == Self.formatName,
            let table = try? document.member("table").string(),
            let runID = try? document.member("run_id").string(),
            let startedAt = try? document.member("started_at").string()
        else { return nil }
        self.table = table
        self.runID = runID
        self.startedAt = startedAt
    }

    func write(in directory: FilePath) throws(FileError) {
        let document: JSONValue = [
            "format": .string(Self.formatName), "table": .string(table), "run_id": .string(runID),
            "started_at": .string(startedAt),
        ]
        let file = Self.file(in: directory)
        try DurableFile.replace(
            file, with: [document.serialized(pretty: true)], temporary: FilePath("\(file).tmp"),
            permissions: .ownerReadWrite)
    }

    /// Hidden, so that only the answers are visible.
    private static func file(in directory: FilePath) -> FilePath { directory.appending(".recording.json") }
}
