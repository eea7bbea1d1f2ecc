import AWS
import BatchExport
import Digest
import Files
import HTTPTransport
import SystemPackage

/// What becomes one object.
struct UploadFile: Sendable {
    enum Content: Sendable {
        /// A file of the table's directory.
        case file(in: FilePath)
        case bytes([UInt8])
    }

    /// From the table's directory, and from the prefix.
    let path: String
    let location: S3Location
    /// In bytes.
    let size: Int
    /// 64 lower-case hexadecimal digits.
    let sha256: String
    let content: Content

    init(path: String, location: S3Location, bytes: [UInt8]) {
        self.path = path
        self.location = location
        size = bytes.count
        sha256 = SHA256.hash(bytes).hexadecimal
        content = .bytes(bytes)
    }

    init(_ file: Manifest.File, in directory: FilePath, location: S3Location) {
        path = file.path
        self.location = location
        size = file.bytes
        sha256 = file.sha256
        content = .file(in: directory)
    }

    /// For messages: the path that finds the file; what is no file has its path from the prefix.
    var name: String {
        switch content {
        case .file(let directory): directory.appending(path).string
        case .bytes: path
        }
    }

    /// Never a content encoding: readers would get the rows uncompressed under a name that ends in `.gz`.
    var contentType: String { path.hasSuffix(".gz") ? "application/gzip" : "application/json" }

    /// Opens the file for each call, so that only files that are read or sent now take a descriptor.
    private func open(in directory: FilePath) throws(UploadError) -> ConfinedFile {
        do throws(ConfinedFile.Failure) {
            return try ConfinedFile(path, below: directory)
        } catch {
            switch error {
            case .missing: throw .altered(path: name, problem: "the manifest lists it, and it is missing")
            case .notAFile: throw .altered(path: name, problem: "it is not a regular file")
            case .unreadable(let error): throw .unreadable(error)
            }
        }
    }

    /// - Parameter report: is told how many more bytes were read; those that a repeated attempt reads again count once.
    func body(report: @escaping @Sendable (Int) -> Void) throws(UploadError) -> HTTPBodySource {
        let source: HTTPBodySource.Read
        switch content {
        case .bytes(let bytes):
            let body = HTTPBodySource(bytes)
            source = { offset, count in try body.bytes(at: offset, upTo: count) }
        case .file(let directory):
            let file = try open(in: directory)
            source = { offset, count in try file.read(at: offset, upTo: count) }
        }
        let meter = ByteMeter(report)
        return HTTPBodySource(length: size) { offset, count in
            let bytes = try source(offset, count)
            meter.note(offset + bytes.count)
            return bytes
        }
    }
}

extension UploadFile {
    private static let partBytes = 1 << 20

    /// - Parameter size: of the object in the file's place, in bytes.
    /// - Throws: ``UploadError/otherObject(_:problem:)`` if the file has another.
    func compare(withObjectOf size: Int) throws(UploadError) {
        guard size == self.size else {
            throw .otherObject(
                location, problem: "it is there already with \(size) bytes, and the file has \(self.size)")
        }
    }

    /// Compares the file with what the manifest lists.
    ///
    /// S3 itself refuses bytes with another SHA-256. A store that is only like S3 may take them, and other files would be
    /// there by then.
    func check() throws {
        guard case .file(let directory) = content else { return }
        let file = try open(in: directory)
        func altered(_ problem: String) -> UploadError { .altered(path: name, problem: problem) }
        guard file.size == size else { throw altered("the manifest says \(size) bytes, the file has \(file.size)") }
        var digest = SHA256()
        do {
            while case let bytes = try file.read(upTo: Self.partBytes), !bytes.isEmpty {
                try Task.checkCancellation()
                digest.update(bytes)
            }
        } catch let error as FileError {
            throw UploadError.unreadable(error)
        }
        let found = digest.finalize().hexadecimal
        guard found == sha256 else { throw altered("the manifest says SHA-256 \(sha256), the file has \(found)") }
    }
}
