import AWS
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
        for name in directory.names() ?? [] where name.status == nil {
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

/// Takes out of an answer what must not be kept: account numbers, and credentials that an error message repeats.
struct RecordingScrubber {
    private let secrets: [[UInt8]]

    init(_ request: HTTPRequest) {
        var secrets: [String] = []
        if let token = request.headers["X-Amz-Security-Token"] { secrets.append(token) }
        if let authorization = request.headers["Authorization"] {
            secrets.append(authorization)
            let parts = authorization.split { " =/,".contains($0) }.map(String.init)
            if let key = parts.firstIndex(of: "Credential"), key + 1 < parts.count { secrets.append(parts[key + 1]) }
            if let signature = parts.firstIndex(of: "Signature"), signature + 1 < parts.count {
                secrets.append(parts[signature + 1])
            }
        }
        // As they are, as they stand in a URL, and as some serializers write a slash.
        self.secrets = secrets.filter { $0.utf8.count >= 8 }
            .flatMap { [$0, URIEncoding.encode($0), $0.replacing("/", with: "\\/")] }.map { Array($0.utf8) }
    }

    func scrub(_ body: [UInt8]) -> [UInt8] {
        secrets.reduce(Self.withoutAccountNumbers(body)) { $0.replacing($1, with: Array("REDACTED".utf8)) }
    }

    /// Twelve digits that stand alone inside a string are taken for an account number.
    private static func withoutAccountNumbers(_ body: [UInt8]) -> [UInt8] {
        var output = body
        var isInString = false
        var digits = 0
        func isWord(_ index: Int) -> Bool {
            guard body.indices.contains(index) else { return false }
            let byte = body[index]
            return byte == 0x5f || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf)
        }
        for index in 0...body.count {
            let byte = index < body.count ? body[index] : 0
            if (0x30...0x39).contains(byte) {
                digits += 1
                continue
            }
            if digits == 12, isInString, !isWord(index), !isWord(index - 13) {
                for digit in index - 12..<index { output[digit] = UInt8(ascii: "x") }
            }
            digits = 0
            if byte == 0x22, !isEscaped(body, index) { isInString.toggle() }
        }
        return output
    }

    private static func isEscaped(_ body: [UInt8], _ index: Int) -> Bool {
        var backslashes = 0
        while index - backslashes > 0, body[index - backslashes - 1] == 0x5c { backslashes += 1 }
        return backslashes % 2 == 1
    }
}
