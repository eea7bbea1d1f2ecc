import HTTPTransport
import JSON
import Text

extension AWSServiceError {
    /// Reads an error of the AWS JSON protocols.
    ///
    /// The type is in the header, in `__type` or in `code` (Smithy, "AWS JSON 1.1 protocol"); the real Athena sends
    /// no header, other implementations nothing else. Sign-in has OAuth's `error` and `error_description`.
    init(json response: HTTPResponse, operation: String, redactor: Redactor) {
        let body = Self.object(in: response.body)
        func member(_ names: String...) -> String? {
            for name in names {
                if case .string(let text) = body?[name] { return text }
            }
            return nil
        }
        let type = (response.headers["x-amzn-errortype"] ?? member("__type", "code", "error")).flatMap {
            Self.cleaned($0)
        }
        let text =
            body == nil
            ? Self.excerpt(of: response.body) : member("message", "Message", "error_description") ?? ""
        self.init(
            operation: operation, type: type, athenaErrorCode: member("AthenaErrorCode", "ErrorCode"),
            reason: member("Reason"), text: text, response: response, redactor: redactor)
    }

    private static func object(in body: [UInt8]) -> JSONObject? {
        guard case .object(let object)? = try? JSONValue(parsing: body) else { return nil }
        return object
    }

    /// `aws.ns#FooError:http://…` is `FooError`.
    static func cleaned(_ type: String) -> String? {
        let name = type.prefix { $0 != ":" }
        let cleaned = name[(name.lastIndex(of: "#").map(name.index(after:)) ?? name.startIndex)...].trimmingBlanks
        return cleaned.isEmpty ? nil : cleaned
    }
}
