/// A parser, and its promises for any input.
///
/// The caller of ``check`` notices crashes, hangs and unlimited memory; ``check`` throws if the parser breaks a promise
/// of its own. A new target is a file beside this one, a line in ``all`` and a directory below `Corpus`.
struct FuzzTarget: Sendable, CustomStringConvertible {
    /// The name on the command line and in the corpus.
    let name: String
    let check: @Sendable (_ input: [UInt8]) throws -> Void

    static let all: [FuzzTarget] = [
        .awsError, .configuration, .credentials, .csvRows, .cursor, .fixtureBody, .fixtureName, .ini, .json, .manifest,
        .ndjsonRows, .resultCSV, .resultsPage, .state, .statement, .timestamp, .unloadedLines, .url,
        .xml,
    ]

    init(_ name: String, check: @escaping @Sendable (_ input: [UInt8]) throws -> Void) {
        self.name = name
        self.check = check
    }

    var description: String { name }
}

/// A promise that some input broke.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
}

func promise(_ holds: Bool, _ promise: @autoclosure () -> String) throws {
    if !holds { throw BrokenPromise(description: promise()) }
}

extension [UInt8] {
    /// The bytes as text; nil if they are not UTF-8.
    var utf8Text: String? { String(validating: self, as: UTF8.self) }
}
