import HTTPTransport

/// Some of the objects of a bucket.
package struct S3ListPage: Sendable {
    package struct Object: Sendable, Equatable {
        /// Not percent-encoded.
        package let key: String
        /// In bytes.
        package let size: Int
        /// The ETag of this version of the object, quotes included.
        package let etag: String
    }

    package let objects: [Object]
    /// Leads to the next page; nil on the last one.
    package let nextToken: String?

    /// A thousand keys of 1024 characters, each percent-encoded, with what stands around them.
    private static let maximumBytes = 8 << 20

    /// Reads an answer and compares it with what was asked for.
    init(_ response: HTTPResponse, prefix: String) throws(AWSError) {
        func fault(_ problem: String) -> AWSError { .untrustedAnswer(operation: "ListObjectsV2", problem: problem) }
        let root: XMLElement
        do throws(XMLFault) {
            root = try XMLElement(parsing: response.body, limit: Self.maximumBytes)
        } catch {
            throw fault("the answer is no XML, \(error)")
        }
        guard root.name == "ListBucketResult", let isTruncated = root.text(of: "IsTruncated") else {
            throw fault("the answer is no list of objects")
        }
        var objects: [Object] = []
        for element in root.children where element.name == "Contents" {
            // S3 compares keys by their bytes. hasPrefix would not, and takes a slash and a combining mark for one character.
            guard let key = element.text(of: "Key").flatMap(URIEncoding.decodeForm),
                key.utf8.starts(with: prefix.utf8),
                let size = element.text(of: "Size").flatMap({ Int($0) }), size >= 0,
                let etag = element.text(of: "ETag")
            else { throw fault("an object without a name below the prefix, a size or an ETag") }
            objects.append(Object(key: key, size: size, etag: etag))
        }
        self.objects = objects
        nextToken = isTruncated == "true" ? root.text(of: "NextContinuationToken") : nil
        guard isTruncated == "false" || nextToken != nil else {
            throw fault("the list goes on, and nothing leads to the rest of it")
        }
    }
}
