import BatchExport
import Files
package import HTTPTransport
package import SystemPackage
import Threading

/// Passes requests on and keeps the answers as fixtures.
///
/// Only bodies are written, without credentials and account numbers; rows are data and stay as they are.
package final class RecordingTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let directory: FixtureDirectory
    private let numbers: Locked<[String: Int]>

    /// - Parameter path: created if it is missing, once the recorded run is known.
    package init(_ path: FilePath, around transport: any HTTPTransport) {
        self.transport = transport
        directory = FixtureDirectory(path)
        numbers = Locked([:])
    }

    /// Checks that the directory can take the answers of a run, before the run begins and anything is sent.
    ///
    /// - Parameter run: the run that is resumed; nil for a new one.
    /// - Throws: ``FixtureError`` if the directory holds anything but this run's recording, or cannot be made.
    func prepare(for run: ExportState?) throws(FixtureError) {
        let names: [String]
        do throws(FileError) {
            try DurableFile.makeDirectories(directory.path)
            names = try DirectoryListing.names(in: directory.path) ?? []
        } catch {
            throw .cannotWrite(error)
        }
        guard names.isEmpty || run.map({ RecordedRun($0) == RecordedRun(reading: directory.path) }) == true else {
            throw .otherRecording(directory.path)
        }
    }

    /// Notes the run whose answers follow, and continues a recording behind its last answer.
    func begin(_ run: ExportState) throws(FixtureError) {
        do throws(FileError) { try RecordedRun(run).write(in: directory.path) } catch { throw .cannotWrite(error) }
        let names = try directory.names() ?? []
        numbers.withLock { numbers in
            for name in names where name.status == nil {
                numbers[name.operation] = max(numbers[name.operation] ?? 0, name.number)
            }
        }
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        // No read-ahead while recording: page n + 1 gets its number from page n.
        request.onBody = nil
        let response = try await transport.send(request)
        if let target = request.headers["X-Amz-Target"], let operation = target.split(separator: ".").last {
            try record(response, to: String(operation), request)
        }
        return response
    }

    private func record(
        _ response: HTTPResponse, to operation: String, _ request: HTTPRequest
    ) throws(FixtureError) {
        let isAnswer = response.isSuccess
        let name = FixtureDirectory.Name(
            operation: operation, number: number(of: operation, request, isAnswer: isAnswer),
            status: isAnswer ? nil : response.status)
        let isPage = isAnswer && operation == ReplayTransport.pagedOperation
        let body = isPage ? response.body : RecordingScrubber(request).scrub(response.body)
        let file = directory.file(name)
        do throws(FileError) {
            try DurableFile.replace(
                file, with: [body], temporary: directory.path.appending(".\(name.fileName).tmp"),
                permissions: .ownerReadWrite)
        } catch {
            throw .cannotWrite(error)
        }
        if isPage { directory.notePage(name.number, body) }
    }

    private func number(of operation: String, _ request: HTTPRequest, isAnswer: Bool) -> Int {
        if operation == ReplayTransport.pagedOperation {
            return directory.pageNumber(for: FixtureDirectory.nextToken(of: request.body)) ?? 1
        }
        return numbers.withLock { numbers in
            let next = numbers[operation, default: 0] + 1
            if isAnswer { numbers[operation] = next }
            return next
        }
    }
}
