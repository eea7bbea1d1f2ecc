import AWS
import BatchExport
import Files
import FoundationEssentials
import SystemPackage

extension ExportConfiguration {
    /// Refuses outputs among the files of an export or in the place of a file that the run reads.
    ///
    /// - Parameters:
    ///   - output: the parent of the table's directory.
    ///   - metrics: the metrics file, if there is one.
    ///   - inputs: the files that the run reads.
    func checkOutputs(
        output: FilePath, metrics: FilePath?, inputs: [ProtectedPlaces.Named]
    ) throws(ConfigurationError) {
        if let table = ExportDirectory.enclosing(output) {
            throw .option(
                name: "--output",
                problem: "\(output) lies in the table's directory \(table); give a directory outside of it")
        }
        let own: ProtectedPlaces.Named = (directory.path, "the table's directory")
        if let record {
            try ProtectedPlaces(directories: [own]).check(record, option: "--record")
            guard !directory.path.isInside(record) else {
                throw .option(name: "--record", problem: "the table's directory lies in \(record); record elsewhere")
            }
        }
        if let metrics {
            let recordings = [record, replay].compactMap { $0.map { ($0, "the directory of recorded answers") } }
            try ProtectedPlaces(directories: [own] + recordings, files: inputs + directory.documents).check(
                metrics, option: "--metrics-file")
        }
    }
}

extension ExportDirectory {
    /// These can have second names in other directories.
    var documents: [ProtectedPlaces.Named] { [(manifest, "the table's manifest"), (state, "the table's state")] }
}

extension ProtectedPlaces {
    /// The files that a run reads.
    ///
    /// - Parameters:
    ///   - config: the configuration file, if there is one.
    ///   - isLive: whether the shared AWS files are read.
    static func inputs(config: FilePath?, isLive: Bool) -> [Named] {
        var inputs: [Named] = config.map { [($0, "the configuration file")] } ?? []
        if isLive {
            let shared = SharedConfigFiles(AWSEnvironment(ProcessInfo.processInfo.environment))
            inputs += [
                (shared.config, "the shared AWS configuration"), (shared.credentials, "the shared AWS credentials"),
            ]
        }
        return inputs
    }
}
