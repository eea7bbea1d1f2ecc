package import HTTPTransport
import JSON
package import SystemPackage
import Threading

/// Answers requests from recorded files instead of a network.
///
/// It stands in the place of libcurl, so an offline run goes through the same signing, retries, decoding and paging.
package final class ReplayTransport: HTTPTransport {
    private let directory: FixtureDirectory
    private let names: Set<FixtureDirectory.Name>
    /// The highest number of each operation's files.
    private let lastNumbers: [String: Int]
    /// Error answers in the order in which they are served, by operation and number.
    private let errors: [FixtureDirectory.Name: [FixtureDirectory.Name]]
    private let progress = Locked(Progress())

    static let pagedOperation = "GetQueryResults"
    /// Operations that only inform: a recording may lack them.
    private static let optionalOperations: Set<String> = ["GetQueryRuntimeStatistics", "StopQueryExecution"]
    /// The header that names the file of an answer, for error messages.
    static let originHeader = "x-athena-export-fixture"

    private struct Progress {
        var calls: [String: Int] = [:]
        var servedErrors: Set<FixtureDirectory.Name> = []
    }

    /// - Throws: ``FixtureError`` if the directory is missing or holds no recorded answer.
    package init(_ path: FilePath) throws(FixtureError) {
        directory = FixtureDirectory(path)
        guard let names = try directory.names() else { throw .noDirectory(path) }
        guard !names.isEmpty else { throw .empty(path) }
        self.names = names
        lastNumbers = Dictionary(names.map { ($0.operation, $0.number) }) { max($0, $1) }
        errors = Dictionary(grouping: names.filter { $0.status != nil }) { $0.answer }
            .mapValues { $0.sorted { ($0.status ?? 0) < ($1.status ?? 0) } }
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let operation = String(request.headers["X-Amz-Target"]?.split(separator: ".").last ?? "")
        guard let number = number(of: operation, request) else {
            return refuse("Malformed nextPageToken: no recorded page leads to it", code: "INVALID_INPUT")
        }
        if let error = takeError(before: number, of: operation) {
            return try answer(error, status: error.status ?? 500, limits: request.limits)
        }
        let name = FixtureDirectory.Name(operation: operation, number: number)
        if names.contains(name) {
            progress.withLock { $0.calls[operation] = number }
            let response = try answer(name, status: 200, limits: request.limits)
            // A page is parsed as a whole later. Any other answer must be JSON here: a retry would get the next file,
            // and the defect of this one would be missed.
            if operation != Self.pagedOperation { try check(response.body, name) }
            return response
        }
        return try answerWithoutFixture(name)
    }

    /// The number of the answer to a request; nil for a page token that leads to no page.
    private func number(of operation: String, _ request: HTTPRequest) -> Int? {
        if operation == Self.pagedOperation {
            return directory.pageNumber(for: FixtureDirectory.nextToken(of: request.body))
        }
        let next = progress.withLock { $0.calls[operation, default: 0] } + 1
        // The last answer is repeated.
        return max(1, min(next, lastNumbers[operation] ?? 0))
    }

    private func takeError(before number: Int, of operation: String) -> FixtureDirectory.Name? {
        let errors = errors[FixtureDirectory.Name(operation: operation, number: number)] ?? []
        return progress.withLock { progress in
            errors.first { progress.servedErrors.insert($0).inserted }
        }
    }

    private func answerWithoutFixture(_ name: FixtureDirectory.Name) throws -> HTTPResponse {
        if Self.optionalOperations.contains(name.operation) { return refuse("not recorded", code: "NOT_RECORDED") }
        throw FixtureError.missing(file: directory.file(name), why: reason(for: name))
    }

    private func check(_ body: [UInt8], _ name: FixtureDirectory.Name) throws(FixtureError) {
        do throws(JSONError) { _ = try JSONValue(parsing: body) } catch {
            throw .malformed(file: directory.file(name), error)
        }
    }

    private func reason(for name: FixtureDirectory.Name) -> String {
        if name.operation == Self.pagedOperation, name.number > 1 {
            return "the NextToken of \(name.operation)-\(name.number - 1).json leads to it"
        }
        let last = lastNumbers[name.operation] ?? 0
        if last > name.number { return "the answers continue to number \(last)" }
        return "the run calls \(name.operation), of which "
            + (last == 0 ? "nothing was recorded" : "only errors were recorded")
    }

    /// The same size limit as for an answer of the network.
    private func answer(
        _ name: FixtureDirectory.Name, status: Int, limits: HTTPLimits
    ) throws(FixtureError) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [Self.originHeader: directory.file(name).string],
            body: try directory.read(name, limit: limits.bodyBytes))
    }

    private func refuse(_ message: String, code: String) -> HTTPResponse {
        let body: JSONValue = [
            "__type": "InvalidRequestException", "AthenaErrorCode": .string(code), "Message": .string(message),
        ]
        return HTTPResponse(status: 400, body: body.serialized(pretty: false))
    }
}
