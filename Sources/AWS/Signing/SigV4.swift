package import Clock
import Digest
package import HTTPTransport
import Threading

/// AWS Signature Version 4 for the header `Authorization`.
///
/// The same request, credentials and time give the same signature. The signed text and the header follow botocore's
/// `auth.py` exactly.
package struct SigV4: Sendable {
    /// How a service treats the path of a request.
    package enum PathRule: Sendable {
        /// Dot segments and repeated slashes are removed, and the rest is percent-encoded once more.
        case normalized
        /// The path counts as it is, and the body's digest travels in `X-Amz-Content-SHA256`: S3.
        case verbatim
    }

    /// The service's signing name: `athena`, `s3`, `sts`.
    package let service: String
    package let region: Region
    package let pathRule: PathRule
    private let lastKey = Locked<SigningKey?>(nil)

    /// A signing key is valid for a day and costs four digests, so it is kept for later requests.
    private struct SigningKey {
        let secretAccessKey: String
        let day: String
        let bytes: [UInt8]
    }

    static let algorithm = "AWS4-HMAC-SHA256"

    /// - Parameter pathRule: by default, S3's for `s3` and the normalizing one for every other service.
    package init(service: String, region: Region, pathRule: PathRule? = nil) {
        self.service = service
        self.region = region
        self.pathRule = pathRule ?? (service == "s3" ? .verbatim : .normalized)
    }

    /// Signs a request: sets `X-Amz-Date`, `Authorization` and, where required, `X-Amz-Security-Token` and
    /// `X-Amz-Content-SHA256`. A request that was signed before is signed again. One with an `HTTPBodySource` has that
    /// last field already.
    package func sign(_ request: inout HTTPRequest, with credentials: Credentials, at time: Timestamp) {
        let date = time.iso8601Basic
        request.headers["Authorization"] = nil
        request.headers["X-Amz-Date"] = date
        request.headers["X-Amz-Security-Token"] = credentials.sessionToken
        // Of a body that is read while it is sent, the caller has named the digest.
        if pathRule == .verbatim, request.bodySource == nil {
            request.headers["X-Amz-Content-SHA256"] = SHA256.hash(request.body).hexadecimal
        }

        let canonical = CanonicalRequest(request, pathRule: pathRule)
        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let stringToSign = [Self.algorithm, date, scope, SHA256.hex(canonical.text)].joined(separator: "\n")
        let signature = Self.authenticate(stringToSign, key: signingKey(credentials, day: day)).hexadecimal
        request.headers["Authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
    }

    private func signingKey(_ credentials: Credentials, day: String) -> [UInt8] {
        if let last = lastKey.withLock({ $0 }), last.day == day, last.secretAccessKey == credentials.secretAccessKey {
            return last.bytes
        }
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [day, region.name, service, "aws4_request"] { key = Self.authenticate(part, key: key) }
        lastKey.withLock { [key] in
            $0 = SigningKey(secretAccessKey: credentials.secretAccessKey, day: day, bytes: key)
        }
        return key
    }

    private static func authenticate(_ text: String, key: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(Array(text.utf8), key: key)
    }
}
