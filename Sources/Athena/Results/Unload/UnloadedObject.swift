import AWS
import BatchExport
import JSON

/// An object that an UNLOAD has written, as it was when the run began to read.
struct UnloadedObject: Sendable, Equatable {
    let location: S3Location
    /// In bytes, as it is stored.
    let size: Int
    let etag: String

    /// - Throws: ``UnloadError/objectGone(_:)`` or ``UnloadError/objectChanged(_:)``, else ``AthenaExportError``.
    func read(_ range: Range<Int>, _ client: S3Client) async throws -> [UInt8] {
        do {
            return try await ResultObject(client: client, location: location, size: size, etag: etag).read(range).bytes
        } catch AthenaExportError.resultGone {
            throw AthenaExportError.unload(.objectGone(location))
        } catch AthenaExportError.resultReplaced {
            throw AthenaExportError.unload(.objectChanged(location))
        }
    }

    /// Finds objects and notes which versions they are.
    ///
    /// - Returns: in the order of their places.
    static func find(_ locations: [S3Location], _ client: S3Client) async throws -> [UnloadedObject] {
        try await withThrowingTaskGroup(of: (Int, UnloadedObject).self) { group in
            var found = [UnloadedObject?](repeating: nil, count: locations.count)
            var next = 0
            func findNext() {
                guard next < locations.count else { return }
                group.addTask { [next, locations] in (next, try await find(locations[next], client)) }
                next += 1
            }
            for _ in 0..<questionsAtATime { findNext() }
            while let (index, object) = try await group.next() {
                found[index] = object
                findNext()
            }
            return found.compactMap { $0 }
        }
    }

    /// Removes objects; one that is not there is no error.
    static func remove(_ locations: [S3Location], _ client: S3Client) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, location) in locations.enumerated() {
                if index >= questionsAtATime { try await group.next() }
                group.addTask { try await client.deleteObject(location) }
            }
            try await group.waitForAll()
        }
    }

    /// All objects below a target.
    static func all(below target: String, _ client: S3Client) async throws -> [S3Location] {
        guard let prefix = S3Prefix(target) else { return [] }
        var locations: [S3Location] = []
        try await client.forEachObject(below: prefix) { object in
            if let location = S3Location(bucket: prefix.bucket, key: object.key) { locations.append(location) }
        }
        return locations
    }

    private static let questionsAtATime = 8

    private static func find(_ location: S3Location, _ client: S3Client) async throws -> UnloadedObject {
        do {
            guard let object = try await UnloadedObject(finding: location, client) else {
                throw AthenaExportError.unload(.objectGone(location))
            }
            return object
        } catch let error as AWSError {
            throw AthenaExportError.resultUnreadable(location, error)
        }
    }
}

extension UnloadedObject {
    /// - Returns: nil if there is no such object.
    init?(finding location: S3Location, _ client: S3Client) async throws {
        guard let info = try await client.headObject(location) else { return nil }
        guard let size = info.size else {
            throw AWSError.untrustedAnswer(
                operation: "HeadObject", problem: "the answer does not say how large the object is")
        }
        guard size <= JSONField.maximumCount else {
            throw AWSError.untrustedAnswer(
                operation: "HeadObject", problem: "the answer says that the object has \(size) bytes")
        }
        self.init(location: location, size: size, etag: info.etag)
    }

    var json: JSONValue { ["key": .string(location.key), "size": .integer(size), "etag": .string(etag)] }

    init(_ field: JSONField, bucket: String) throws(JSONError) {
        let key = try field.member("key")
        guard let location = S3Location("s3://\(bucket)/\(try key.string())") else {
            throw key.mismatch("the key of an object")
        }
        self.init(
            location: location, size: try field.member("size").count(),
            etag: try field.member("etag").string())
    }
}
