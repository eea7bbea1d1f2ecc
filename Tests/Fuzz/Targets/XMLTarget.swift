import HTTPTransport

@testable import AWS

extension FuzzTarget {
    /// Answers in XML: an element that is read and written reads the same again; and the errors of S3 and STS.
    static let xml = FuzzTarget("xml") { input in
        do {
            let document = try XMLElement(parsing: input)
            try promise(document.depth <= XMLParser.maximumDepth, "a document is not deeper than it may be")
            let again = try? XMLElement(parsing: Array(document.written.utf8))
            try promise(again == document, "a document reads back")
        } catch let fault as XMLFault {
            try promise((0...input.count).contains(fault.offset), "a fault is at a byte of the text")
            try promise(!fault.description.contains("\n"), "a fault is one line")
        }
        let credentials = try Credentials(checking: "AKIDCANARY", secretAccessKey: "canary/SECRET", sessionToken: nil)
        let error = AWSServiceError(
            xml: HTTPResponse(status: 403, body: input), operation: "GetObject", redactor: Redactor(credentials))
        let message = "\(error)"
        try promise(!message.contains("canary/SECRET"), "an error shows no secret")
        try promise(message.unicodeScalars.count < 3000, "an error is short")
        try promise(
            message.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) },
            "an error steers no terminal")
    }
}

extension XMLElement {
    fileprivate var depth: Int { 1 + (children.map(\.depth).max() ?? 0) }

    /// The element as text, with every character of its text as a reference.
    fileprivate var written: String {
        let text = text.unicodeScalars.map { "&#x\(String($0.value, radix: 16));" }.joined()
        return "<\(name)>\(text)\(children.map(\.written).joined())</\(name)>"
    }
}
