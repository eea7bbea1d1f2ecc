import HTTPTransport

extension HTTPResponse {
    /// Whether S3 answers with an error. The status alone does not tell: S3 can begin its answer with 200 and put an
    /// error into the body.
    var isErrorOfS3: Bool {
        // What has status 206 is a part of an object, which may be any bytes.
        guard isSuccess, status != 206 else { return !isSuccess }
        // The first bytes show whether it is worth reading all of it: a list of objects may be long.
        guard body.prefix(512).firstRange(of: Array("<Error".utf8)) != nil,
            let document = try? XMLElement(parsing: body)
        else { return false }
        return document.name == "Error" && document.text(of: "Code") != nil
    }

    /// The ETag of an object's version, quotes included; nil if there is none, or one that cannot be an ETag.
    var etag: String? {
        guard let etag = headers["ETag"], (1...256).contains(etag.utf8.count) else { return nil }
        return etag
    }
}
