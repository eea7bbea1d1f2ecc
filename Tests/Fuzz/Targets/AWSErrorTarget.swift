import HTTPTransport

@testable import AWS

extension FuzzTarget {
    /// Error answers of the AWS JSON protocols. The first line, if there is more than one, is the header with the type.
    static let awsError = FuzzTarget("aws-error") { input in
        let lines = input.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
        var response = HTTPResponse(status: 400, body: Array(lines.last ?? []))
        if lines.count == 2 {
            response.headers["x-amzn-errortype"] = Array(lines[0]).utf8Text
            response.headers["x-amzn-RequestId"] = Array(lines[0]).utf8Text
        }
        let credentials = try Credentials(checking: "AKIDCANARY", secretAccessKey: "canary/SECRET", sessionToken: nil)
        for status in [400, 503] {
            response.status = status
            let error = AWSServiceError(
                json: response, operation: "GetQueryResults", redactor: Redactor(credentials))
            let message = "\(error)"
            try promise(!message.contains("canary/SECRET"), "an error shows no secret")
            try promise(message.unicodeScalars.count < 3000, "an error is short")
            try promise(
                message.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) },
                "an error steers no terminal")
        }
    }
}
