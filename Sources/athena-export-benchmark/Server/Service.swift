import Glibc

/// What is served, and how long every call takes beyond the work.
struct Service: Sendable {
    let result: GeneratedResult
    let latencyMilliseconds: Int

    /// The bucket and prefix that results are said to lie in. Any key below gives the same object.
    static let resultsPrefix = "s3://athena-export-benchmark/results/"

    /// - Returns: false when the connection is of no more use.
    func answer(_ request: Request, on connection: inout Connection) -> Bool {
        if latencyMilliseconds > 0 { usleep(UInt32(latencyMilliseconds * 1000)) }
        if let target = request.headers["x-amz-target"] {
            return answerAthena(String(target.split(separator: ".").last ?? ""), request, on: &connection)
        }
        return answerS3(request, on: &connection)
    }
}

extension Connection {
    /// Sends a whole answer.
    ///
    /// - Parameter headers: lines of `Name: value`.
    func answer(_ status: String, _ headers: [String], body: [UInt8], length: Int? = nil) -> Bool {
        let head =
            ["HTTP/1.1 \(status)", "Server: athena-export-benchmark", "Content-Length: \(length ?? body.count)"]
            + headers + ["", ""]
        return send(Array(head.joined(separator: "\r\n").utf8), moreFollows: !body.isEmpty) && send(body)
    }
}
