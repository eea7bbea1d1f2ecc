import HTTPTransport

extension Endpoint {
    /// The address of an object.
    func url(of location: S3Location) -> HTTPURL {
        url(ofBucket: location.bucket, path: "/" + URIEncoding.encodePath(location.key))
    }

    /// An address in a bucket: the bucket in the host name, or in the path where a certificate or a name server would not
    /// know such a host.
    ///
    /// - Parameter path: percent-encoded; empty, or beginning with `/`.
    func url(ofBucket bucket: String, path: String = "") -> HTTPURL {
        var url = url
        if isCustom || !S3Location.isInHost(bucket) {
            let base = url.path.hasSuffix("/") ? url.path : url.path + "/"
            url.path = "\(base)\(bucket)\(path)"
        } else {
            url.host = "\(bucket).\(url.host)"
            url.path = path.isEmpty ? "/" : path
        }
        return url
    }
}
