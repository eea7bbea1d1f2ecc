import Loopback

/// An object in S3 as the service has it.
struct ServedObject {
    /// In bytes.
    let size: Int
    /// In quotes, as in the header.
    let entityTag: String
    let content: Content

    enum Content {
        case kept(ObjectFile)
        case bytes([UInt8])
        /// Made for each request.
        case made(GeneratedResult)
    }
}

extension Service {
    /// Where the list of the objects of an UNLOAD lies: behind the query's id.
    static let manifestSuffix = "-manifest.csv"

    /// - Returns: nil if there is no such object.
    func object(at key: String) throws(SystemFailure) -> ServedObject? {
        let name = key.split(separator: "/").last ?? ""
        if let index = unloaded.index(ofKey: key) {
            let file = try unloaded.object(index)
            return ServedObject(size: file.size, entityTag: "\"\(tag)-\(index)\"", content: .kept(file))
        }
        if name.hasSuffix(Self.manifestSuffix) {
            let id = String(name.dropLast(Self.manifestSuffix.count))
            guard case .unload(_, let target)? = sent.statement(of: id) else { return nil }
            let text = Array(unloaded.places(below: target).map { "\($0)\n" }.joined().utf8)
            return ServedObject(size: text.count, entityTag: "\"\(id)\"", content: .bytes(text))
        }
        guard name.hasSuffix(".csv") else { return nil }
        let served = served(String(name.dropLast(4)))
        guard served.rowCount == result.rowCount, let object else {
            return ServedObject(
                size: served.csvBytes, entityTag: "\"\(served.table.rawValue)-\(served.rowCount)\"",
                content: .made(served))
        }
        return ServedObject(size: object.size, entityTag: "\"\(tag)\"", content: .kept(object))
    }

    private var tag: String { "\(result.table.rawValue)-\(result.rowCount)" }
}
