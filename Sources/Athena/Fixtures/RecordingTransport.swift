import Files
public import HTTPTransport
import Threading
public import SystemPackage

/// Passes requests on and keeps the answers as fixtures.
///
/// What is written is the body alone, without credentials and account numbers; rows are data and stay as they are.
public final class RecordingTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let directory: FixtureDirectory
    private let numbers: Locked<[String: Int]>

    /// - Parameter path: made if it is missing; a recording that is there already is gone on with.
    public init(_ path: FilePath, around transport: any HTTPTransport) throws(FixtureError) {
        self.transport = transport
        directory = FixtureDirectory(path)
        do throws(FileError) {
            try DurableFile.makeDirectories(path)
        } catch {
            throw .cannotWrite(error)
        }
        var numbers: [String: Int] = [:]
        for name in try directory.names() ?? [] where name.status == nil {
            numbers[name.operation] = max(numbers[name.operation] ?? 0, name.number)
        }
        self.numbers = Locked(numbers)
    }

    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        // Nobody is to ask for a page before the one that leads to it has its number.
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
        let isAnswer = (200..<300).contains(response.status)
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
