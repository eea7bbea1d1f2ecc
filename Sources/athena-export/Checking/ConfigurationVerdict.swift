import Athena
import BatchExport

/// The first step: options and file, which are checked before anything else can be.
enum ConfigurationVerdict {
    static func of(_ configuration: ExportConfiguration) -> CheckVerdict {
        let export = configuration.export.export
        let what =
            switch configuration.export.query {
            case .start(let query): "a statement of \(RunSummary.count(query.statement.utf8.count, "byte"))"
            case .attach(let id): "query \(id)"
            }
        let summary = "\(what) to table \(configuration.directory.table) as \(export.format.rawValue)"
        guard configuration.warnings.isEmpty else {
            let parts = configuration.warnings.joined(separator: "; ")
            return .warning("\(summary): \(parts)", advice: "correct the configuration if that is not meant")
        }
        return .ok(summary)
    }
}
