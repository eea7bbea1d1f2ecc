import HTTPTransport
import JSON

@testable import Athena

extension FuzzTarget {
    /// The names of recorded answers.
    static let fixtureName = FuzzTarget("fixture-name") { input in
        guard let text = input.utf8Text, let name = FixtureDirectory.Name(fileName: text) else { return }
        try promise(name.fileName == text, "a name is written as it was read")
        try promise(!text.contains("/") && !text.hasPrefix("."), "a name stays in its directory")
    }

    /// The members that are read in recorded answers, and the texts that are removed from them.
    static let fixtureBody = FuzzTarget("fixture-body") { input in
        let token = FixtureDirectory.nextToken(of: input)
        let value = try? JSONValue(parsing: input)
        if case .object(let object)? = value {
            var expected: String?
            if case .string(let text)? = object["NextToken"] { expected = text }
            // The page parser refuses names with escapes in them, and a page that cannot be read leads to no other.
            try promise(
                token == expected || (try? ResultsAnswer(parsing: input)) == nil,
                "the token of a page is what the strict parser finds")
        }
        var request = HTTPRequest(
            method: "POST", url: HTTPURL(scheme: .https, host: "athena.eu-central-1.amazonaws.com"))
        request.secrets = ["canary-token"]
        let scrubber = RecordingScrubber(request)
        let scrubbed = scrubber.scrub(input)
        try promise(scrubber.scrub(scrubbed) == scrubbed, "what is taken out is taken out at once")
        if let value {
            let after = try JSONValue(parsing: scrubbed)
            try promise(after.kind == value.kind, "an answer stays an answer")
        }
    }
}
