import BatchExport
import Files
import SystemPackage

/// Places that an output must not have: among the files of an export, and over the files that the command reads.
struct ProtectedPlaces {
    /// A path and its name in messages.
    typealias Named = (path: FilePath, name: String)

    private let directories: [Named]
    private let files: [Named]

    /// Every table's directory is protected as well.
    init(directories: [Named] = [], files: [Named] = []) {
        self.directories = directories
        self.files = files
    }

    /// - Parameter option: the option that names the output.
    /// - Throws: `ConfigurationError` if the output is one of the places or lies in one, in any spelling.
    func check(_ output: FilePath, option: String) throws(ConfigurationError) {
        func refuse(_ problem: String) -> ConfigurationError {
            .option(name: option, problem: "\(output) \(problem); write it elsewhere")
        }
        let parent = output.removingLastComponent()
        // A link lies in one directory and leads to another.
        for path in [output, parent.isEmpty ? "." : parent] {
            for directory in directories where path.isInside(directory.path) {
                throw refuse("lies in \(directory.name)")
            }
            if let table = ExportDirectory.enclosing(path) { throw refuse("lies in the table's directory \(table)") }
        }
        guard let identity = FileIdentity(output) else { return }
        for file in files where FileIdentity(file.path) == identity { throw refuse("is \(file.name)") }
    }
}
