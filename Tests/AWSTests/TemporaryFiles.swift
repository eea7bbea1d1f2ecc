import AWS
import Foundation
import SystemPackage

/// A pair of shared files in a directory that is removed with the value.
final class TemporaryFiles: Sendable {
    let directory: FilePath
    let shared: SharedConfigFiles

    /// - Parameters: nil for a missing file.
    init(config: String? = nil, credentials: String? = nil) {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        directory = FilePath(path)
        shared = SharedConfigFiles(
            config: directory.appending("config"), credentials: directory.appending("credentials"))
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let config { write(config, to: shared.config) }
        if let credentials { write(credentials, to: shared.credentials) }
    }

    func write(_ text: String, to path: FilePath) {
        try! Data(text.utf8).write(to: URL(filePath: path.string))
    }

    func read(_ path: FilePath) -> String {
        String(decoding: FileManager.default.contents(atPath: path.string) ?? Data(), as: UTF8.self)
    }

    func makeDirectory(_ name: String) {
        try! FileManager.default.createDirectory(
            atPath: directory.appending(name).string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory.string) }
}
