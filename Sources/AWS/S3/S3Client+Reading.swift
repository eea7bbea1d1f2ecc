import HTTPTransport

extension S3Client {
    /// Reads a part of an object.
    ///
    /// - Parameters:
    ///   - range: in bytes, not empty; it must begin before the object's end and may reach beyond it.
    ///   - etag: the expected version; nil for the current one.
    /// - Returns: the part from its beginning on; shorter than `range` if the connection broke off or the object ends.
    ///   The caller requests the rest.
    /// - Throws: ``AWSError``; with HTTP status 412 if the object is of another version.
    package func getObject(
        _ location: S3Location, range: Range<Int>, ifMatch etag: String? = nil, patience: Patience = .full
    ) async throws -> S3ObjectRange {
        try await call("GetObject", bucket: location.bucket, patience: patience) { endpoint in
            var headers = self.headers
            headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            headers["If-Match"] = etag
            // A server that ignores the range answers 200; if that body is short, its status is the better error.
            var limits = HTTPLimits(bodyBytes: max(range.count, 64 << 10))
            if patience == .short {
                limits.connect = .seconds(2)
                limits.stall = .seconds(5)
            }
            var request = HTTPRequest(
                method: "GET", url: endpoint.url(of: location), headers: headers, limits: limits)
            request.acceptsBrokenBody = true
            return request
        } decode: {
            try S3ObjectRange($0, asked: range)
        }
    }

    /// Asks for an object's version and SHA-256, without its bytes.
    ///
    /// - Returns: nil if there is no such object.
    /// - Throws: ``AWSError``; access denied also for a missing object if the bucket may not be listed.
    package func headObject(_ location: S3Location) async throws -> S3ObjectInfo? {
        do {
            return try await askForObject(location)
        } catch let error as AWSError where error.httpStatus == 400 || error.httpStatus == 403 {
            // The answer has no body that could say why. That to GET has one, and GET renews credentials or corrects the
            // clock if that is why.
            do {
                _ = try await getObject(location, range: 0..<1)
            } catch let error as AWSError where error.httpStatus == 404 || error.httpStatus == 416 {}
            return try await askForObject(location)
        }
    }

    private func askForObject(_ location: S3Location) async throws -> S3ObjectInfo? {
        do {
            return try await call("HeadObject", bucket: location.bucket) { endpoint in
                var headers = self.headers
                headers["x-amz-checksum-mode"] = "ENABLED"
                return HTTPRequest(method: "HEAD", url: endpoint.url(of: location), headers: headers)
            } decode: {
                try S3ObjectInfo($0)
            }
        } catch let error as AWSError where error.httpStatus == 404 {
            return nil
        }
    }

    /// Goes through the objects below a prefix, as S3 lists them.
    ///
    /// - Throws: ``AWSError``; what `body` throws.
    package func forEachObject(
        below prefix: S3Prefix, _ body: (S3ListPage.Object) throws -> Void
    ) async throws {
        var token: String?
        // A list that leads back to a page before would never end.
        var tokens: Set<[UInt8]> = []
        repeat {
            let page = try await listObjects(below: prefix, after: token)
            for object in page.objects { try body(object) }
            token = page.nextToken
            if let token, !tokens.insert(Array(token.utf8)).inserted {
                throw AWSError.untrustedAnswer(
                    operation: "ListObjectsV2", problem: "the list leads back to a page that was there before")
            }
        } while token != nil
    }

    /// Lists at most a thousand objects.
    ///
    /// - Parameter token: of the page before; nil for the first page.
    private func listObjects(below prefix: S3Prefix, after token: String?) async throws -> S3ListPage {
        try await call("ListObjectsV2", bucket: prefix.bucket) { endpoint in
            var url = endpoint.url(ofBucket: prefix.bucket)
            var query = ["list-type=2", "encoding-type=url", "prefix=" + URIEncoding.encode(prefix.path)]
            if let token { query.append("continuation-token=" + URIEncoding.encode(token)) }
            url.query = query.joined(separator: "&")
            return HTTPRequest(method: "GET", url: url, headers: headers)
        } decode: {
            try S3ListPage($0, prefix: prefix.path)
        }
    }

    /// The header fields of every request.
    var headers: HTTPHeaders {
        // The caller accepts the cost of a "requester pays" bucket; S3 ignores it for others.
        var headers: HTTPHeaders = ["x-amz-request-payer": "requester"]
        headers["x-amz-expected-bucket-owner"] = expectedBucketOwner
        return headers
    }
}

extension AWSError {
    /// The status of the service's answer; nil if that is not what went wrong.
    package var httpStatus: Int? {
        if case .service(let error, _) = self { error.httpStatus } else { nil }
    }
}
