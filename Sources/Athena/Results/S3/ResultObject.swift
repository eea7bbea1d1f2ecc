import AWS
import BatchExport

/// Fetches ranges of one version of a result object.
struct ResultObject: Sendable {
    let client: S3Client
    let location: S3Location
    /// In bytes.
    let size: Int
    let etag: String

    /// Finds the object and reads its first range.
    ///
    /// - Parameter etag: the version that it must be; nil for the one that is there.
    static func open(
        _ location: S3Location, at offset: Int, etag: String?, bytes: Int, patience: S3Client.Patience,
        client: S3Client
    ) async throws -> (object: ResultObject, first: S3ObjectRange) {
        let first = try await translatingErrors(of: location) {
            try await client.getObject(
                location, range: offset..<offset + bytes, ifMatch: etag, patience: patience)
        }
        let object = ResultObject(client: client, location: location, size: first.objectSize, etag: first.etag)
        if let etag, first.etag != etag { throw AthenaExportError.resultReplaced(location) }
        return (object, try await object.complete(first, until: min(offset + bytes, first.objectSize)))
    }

    func read(_ range: Range<Int>) async throws -> S3ObjectRange {
        try await complete(try await part(range), until: range.upperBound)
    }

    /// Requests the missing end of a range whose connection broke off.
    private func complete(_ part: S3ObjectRange, until end: Int) async throws -> S3ObjectRange {
        if part.end == end { return part }
        var bytes = part.bytes
        bytes.reserveCapacity(end - part.offset)
        while part.offset + bytes.count < end {
            bytes += try await self.part(part.offset + bytes.count..<end).bytes
        }
        return S3ObjectRange(offset: part.offset, bytes: bytes, objectSize: size, etag: etag)
    }

    private func part(_ range: Range<Int>) async throws -> S3ObjectRange {
        let part = try await Self.translatingErrors(of: location) {
            try await client.getObject(location, range: range, ifMatch: etag)
        }
        // A server that ignores If-Match must not make us mix two objects either.
        guard part.etag == etag, part.objectSize == size else { throw AthenaExportError.resultReplaced(location) }
        return part
    }

    private static func translatingErrors<Answer>(
        of location: S3Location, _ body: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body()
        } catch let error as AWSError {
            guard case .service(let answer, _) = error else {
                throw AthenaExportError.resultUnreadable(location, error)
            }
            switch answer.httpStatus {
            case 404: throw AthenaExportError.resultGone(location, message: "\(answer)")
            case 412: throw AthenaExportError.resultReplaced(location)
            default: throw AthenaExportError.resultUnreadable(location, error)
            }
        }
    }
}
