import AWS
import BatchExport
import Logging

/// Finds out what an UNLOAD has written: which objects, in which versions, and how many rows.
struct UnloadedList: Sendable {
    let client: AthenaClient
    let s3: S3Client
    let execution: QueryExecution
    /// For how long the service may not know yet.
    let early: EarlyAnswers

    /// A line has some hundred bytes, and there is a line for each writer. What is made of it must fit into the state.
    private static let maximumManifestBytes = 32 << 20

    /// - Throws: ``AthenaExportError``; an UNLOAD without a list of objects, or with an empty one, counts as one without rows
    ///   only if Athena counts them.
    func rows(below target: String) async throws -> SentQuery.Rows {
        let id = execution.queryExecutionID
        let count = try await early.waitedOut(id) { try await client.updateCount(id) }
        if count == nil {
            early.logger.warning(
                "Athena gives no number of rows, so what is read cannot be compared with it",
                metadata: ["event": "unload_not_counted", "query_execution_id": "\(id)"])
        }
        let locations: [S3Location]
        do {
            locations = try await manifest(below: target, rows: count).locations
        } catch let error as UnloadError {
            throw AthenaExportError.unload(error)
        }
        return SentQuery.Rows(objects: try await UnloadedObject.find(locations, s3), count: count)
    }

    private func manifest(below target: String, rows: Int?) async throws -> UnloadManifest {
        var reasons: [String] = []
        if let location = execution.dataManifestLocation.flatMap({ S3Location($0) }) {
            do {
                if let text = try await text(of: location) {
                    let manifest = try UnloadManifest(text: text, target: target)
                    if rows != nil || !manifest.locations.isEmpty { return manifest }
                    reasons.append("the list is empty")
                } else {
                    reasons.append("there is no object \(location)")
                }
            } catch let error as AWSError where error.keepsTheList {
                reasons.append("\(error)")
            }
        }
        do {
            let manifest = try UnloadManifest(
                lines: try await client.dataManifest(execution.queryExecutionID), target: target)
            if rows != nil || !manifest.locations.isEmpty { return manifest }
            reasons.append("the list from Athena is empty")
        } catch let error as AWSError where error.category == .refused {
            reasons.append("\(error)")
        }
        // A query without rows has been seen to leave no list.
        if rows == 0 { return try UnloadManifest(lines: [], target: target) }
        throw UnloadError.noManifest(
            queryExecutionID: execution.queryExecutionID, rows: rows, reason: reasons.joined(separator: "; "))
    }

    /// - Returns: nil if there is no such object.
    private func text(of location: S3Location) async throws -> [UInt8]? {
        guard let object = try await UnloadedObject(finding: location, s3) else { return nil }
        guard object.size <= Self.maximumManifestBytes else {
            throw UnloadError.manifest(line: 1, reason: "the list has \(object.size) bytes")
        }
        // A range cannot be asked of an object without bytes.
        return object.size == 0 ? [] : try await object.read(0..<object.size, s3)
    }
}

extension AWSError {
    /// S3 answers, and does not give the list, though Athena may.
    fileprivate var keepsTheList: Bool { category == .refused || httpStatus == 403 }
}
