import AWS
import Text

/// Which objects an UNLOAD has written: the text of its manifest, one `s3://bucket/key` a line.
struct UnloadManifest: Sendable, Equatable {
    /// By rising bytes of the key. The manifest's own order is probably that in which the writers ended, and two readings
    /// of one execution must give the same bytes.
    let locations: [S3Location]

    /// - Parameters:
    ///   - lines: of the manifest; blank ones at its end do not count.
    ///   - target: `s3://bucket/prefix/`, below which every object must lie.
    /// - Throws: ``UnloadError/manifest(line:reason:)``.
    init(lines: [String], target: String) throws(UnloadError) {
        var seen: Set<S3Location> = []
        for (index, line) in lines.enumerated() {
            if line.isEmpty, lines[index...].allSatisfy(\.isEmpty) { break }
            guard let location = S3Location(line) else {
                throw .manifest(line: index + 1, reason: "it is not the place of an object in S3")
            }
            guard line.utf8.starts(with: target.utf8) else {
                throw .manifest(line: index + 1, reason: "it is not below \(target.shown(limit: 1200))")
            }
            guard seen.insert(location).inserted else {
                throw .manifest(line: index + 1, reason: "the object stands in it twice")
            }
        }
        locations = seen.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// - Throws: ``UnloadError/manifest(line:reason:)``; also for a text that is not UTF-8.
    init(text: [UInt8], target: String) throws(UnloadError) {
        guard let text = String(validating: text, as: UTF8.self) else {
            throw .manifest(line: 1, reason: "the manifest is not UTF-8")
        }
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        try self.init(lines: lines.map(String.init), target: target)
    }
}
