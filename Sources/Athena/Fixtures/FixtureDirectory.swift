package import Files
package import JSON
package import SystemPackage
import Threading

/// Recorded answers of a service, one file a call: `<Operation>-<n>.json`, and `<Operation>-<n>.<status>.json` for an
/// error answer that came before answer n.
///
/// The answers of GetQueryResults are found by the token that leads to them: the first file answers the call without a
/// token, and the NextToken of file n leads to file n + 1. So a resumed run finds its page again, and a page that is
/// requested twice is recorded once.
final class FixtureDirectory: Sendable {
    let path: FilePath
    private let pages: Locked<PageIndex>

    /// Far more than a page needs: rows have at most 32 MB, but a recording of many such rows serves no purpose.
    static let maximumFileBytes = 1 << 30

    private struct PageIndex {
        /// The number of the page that a token leads to.
        var numbers: [String: Int] = [:]
        /// Pages up to this one have been read for their tokens.
        var scanned = 0
    }

    /// The parts of a file name.
    struct Name: Hashable, Sendable {
        let operation: String
        let number: Int
        /// HTTP status of an error answer; nil for an answer.
        let status: Int?

        init(operation: String, number: Int, status: Int? = nil) {
            self.operation = operation
            self.number = number
            self.status = status
        }

        init?(fileName: String) {
            let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.last == "json", parts.count == 2 || parts.count == 3 else { return nil }
            let stem = parts[0].split(separator: "-", omittingEmptySubsequences: false)
            guard
                stem.count == 2, !stem[0].isEmpty, stem[0].allSatisfy({ $0.isASCII && $0.isLetter }),
                let number = Int(stem[1]), number > 0, String(number) == stem[1]
            else { return nil }
            var status: Int?
            if parts.count == 3 {
                guard let code = Int(parts[1]), (300...599).contains(code), String(code) == parts[1] else { return nil }
                status = code
            }
            self.init(operation: String(stem[0]), number: number, status: status)
        }

        /// The answer that an error answer comes before; an answer itself.
        var answer: Name { Name(operation: operation, number: number) }

        var fileName: String {
            "\(operation)-\(number)\(status.map { ".\($0)" } ?? "").json"
        }
    }

    init(_ path: FilePath) {
        self.path = path
        pages = Locked(PageIndex())
    }

    /// Every fixture in the directory; nil if there is no such directory. Other files do not count.
    ///
    /// - Throws: ``FixtureError/unreadableDirectory(_:)`` if there is one that cannot be read.
    func names() throws(FixtureError) -> Set<Name>? {
        do throws(FileError) {
            return try DirectoryListing.names(in: path).map { Set($0.compactMap(Name.init(fileName:))) }
        } catch {
            throw .unreadableDirectory(error)
        }
    }

    func file(_ name: Name) -> FilePath { path.appending(name.fileName) }

    func read(_ name: Name, limit: Int = maximumFileBytes) throws(FixtureError) -> [UInt8] {
        do throws(BoundedFile.Failure) {
            return try BoundedFile.read(file(name), limit: limit).bytes
        } catch {
            throw .unreadable(error)
        }
    }

    /// The number of the page that a token leads to; nil if no page here leads to it.
    func pageNumber(for token: String?) -> Int? {
        guard let token else { return 1 }
        return pages.withLock { index in
            while index.numbers[token] == nil {
                let name = Name(operation: ReplayTransport.pagedOperation, number: index.scanned + 1)
                // A page that cannot be read leads to no other; the request for it fails with the reason.
                guard let body = try? read(name) else { return nil }
                index.scanned += 1
                if let next = Self.nextToken(of: body) { index.numbers[next] = index.scanned + 1 }
            }
            return index.numbers[token]
        }
    }

    /// Notes the page to which a new page leads.
    func notePage(_ number: Int, _ body: [UInt8]) {
        guard let next = Self.nextToken(of: body) else { return }
        pages.withLock { $0.numbers[next] = number + 1 }
    }

    /// The NextToken member of a request or an answer.
    static func nextToken(of body: [UInt8]) -> String? {
        let text = body.span
        var members = JSONMembers(at: 0)
        do {
            while let name = try members.next(in: text) {
                if text.isEqual("NextToken", in: name) {
                    return try JSONValue.optionalString(in: text, at: members.valueOffset, path: "NextToken")
                }
                members.valueEnd = try text.skipJSONValue(from: members.valueOffset)
            }
        } catch {
            return nil
        }
        return nil
    }
}

/// Defects of recorded answers.
package enum FixtureError: Error, Sendable, CustomStringConvertible {
    case noDirectory(FilePath)
    case unreadableDirectory(FileError)
    case empty(FilePath)
    case missing(file: FilePath, why: String)
    case malformed(file: FilePath, JSONError)
    case unreadable(BoundedFile.Failure)
    case cannotWrite(FileError)
    /// The directory of `--record` is not empty, and its content is not of the run that is to be recorded.
    case otherRecording(FilePath)

    package var description: String {
        switch self {
        case .noDirectory(let path): "\(path) is no directory of recorded answers; check the path"
        case .unreadableDirectory(let error):
            "\(error); "
                + (error.errno.remedy.map { "\($0), then run the same command again" }
                    ?? "check the path and its permissions")
        case .empty(let path):
            "\(path) has no recorded answers, which are named <Operation>-<n>.json; record some with --record"
        case .missing(let file, let why): "\(file) is missing: \(why); record the answers again"
        case .malformed(let file, let error): "\(file): \(error); record the answer again"
        case .unreadable(let failure):
            "\(failure); "
                + (failure.remedy.map { "\($0), then run the same command again" }
                    ?? "put the recorded answer in its place")
        case .otherRecording(let path):
            "\(path) is not empty and does not hold a recording of this run; give --record a new or empty directory"
        case .cannotWrite(let error):
            "\(error); "
                + (error.errno.remedy.map { "\($0), then run the same command again" }
                    ?? "check the directory of --record and its permissions")
        }
    }
}
