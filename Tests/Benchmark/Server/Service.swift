import Glibc
import Loopback

/// The served result, and how long every call takes in addition to its work.
struct Service: Sendable {
    let result: GeneratedResult
    let latencyMilliseconds: Int
    /// The object; nil if it is too large to be kept, or there is no memory for it. Then it is made for each request.
    let object: ObjectFile?
    let unloaded: UnloadedObjects
    let sent = SentStatements()

    /// - Parameters:
    ///   - largestKept: bytes of the largest CSV object that is kept.
    ///   - unloadObjects: how many objects an UNLOAD writes. They are made for the first one, and kept.
    init(
        _ result: GeneratedResult, latencyMilliseconds: Int = 0, largestKept: Int = 64 << 20, unloadObjects: Int = 8
    ) {
        self.result = result
        self.latencyMilliseconds = latencyMilliseconds
        unloaded = UnloadedObjects(of: result, count: unloadObjects)
        object = result.csvBytes <= largestKept ? try? ObjectFile(result) : nil
    }

    /// The bucket and prefix that results are said to lie in. Any key below that ends in `.csv` gives the result's object.
    static let resultsPrefix = "s3://athena-export-benchmark/results/"

    /// Athena and S3 on one port of the loopback. The connections share nothing but the result, which never changes.
    func start(port: Int = 0) throws -> LoopbackServer {
        try LoopbackServer(port: port) { connection in
            while let request = connection.readRequest(consents: true), answer(request, on: connection) {}
        }
    }

    /// - Returns: false if the connection must be closed.
    func answer(_ request: LoopbackServer.Request, on connection: ServerConnection) -> Bool {
        if latencyMilliseconds > 0 { usleep(UInt32(latencyMilliseconds * 1000)) }
        if let target = request.header("x-amz-target") {
            return answerAthena(String(target.split(separator: ".").last ?? ""), request, on: connection)
        }
        return answerS3(request, on: connection)
    }
}

extension ServerConnection {
    /// Sends a whole answer.
    ///
    /// - Parameter headers: lines of `Name: value`.
    func answer(_ status: String, _ headers: [String], body: [UInt8]) -> Bool {
        sendHead(status, headers, length: body.count, moreFollows: !body.isEmpty) && write(body)
    }

    /// Sends the head of an answer whose body has this length in bytes.
    func sendHead(_ status: String, _ headers: [String], length: Int, moreFollows: Bool) -> Bool {
        let head =
            ["HTTP/1.1 \(status)", "Server: athena-export-benchmark", "Content-Length: \(length)"] + headers + ["", ""]
        return write(Array(head.joined(separator: "\r\n").utf8), moreFollows: moreFollows)
    }
}
