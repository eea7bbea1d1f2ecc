import Dispatch
import Gzip
import Loopback
import Threading

/// The objects that every UNLOAD is said to have written: the result's rows as gzipped lines of JSON, made once.
final class UnloadedObjects: Sendable {
    let count: Int
    private let result: GeneratedResult
    private let made = Locked<[ObjectFile]?>(nil)
    private let removed = Locked<Set<String>>([])

    init(of result: GeneratedResult, count: Int) {
        self.result = result
        self.count = count
    }

    /// Makes the objects, on all cores, if they were not made so far.
    func prepare() throws(SystemFailure) {
        _ = try all()
    }

    func object(_ index: Int) throws(SystemFailure) -> ObjectFile {
        try all()[index]
    }

    /// The places of the objects below the target of an UNLOAD, in order.
    func places(below target: String) -> [String] {
        (0..<count).map { "\(target)\(Self.prefix)\(Self.digits($0)).gz" }
    }

    /// Removes the object of a key, and no other that has the same bytes.
    func remove(_ key: String) {
        guard index(ofKey: key) != nil else { return }
        removed.withLock { _ = $0.insert(key) }
    }

    /// The object that has a key, whatever the target; nil if it was removed.
    func index(ofKey key: String) -> Int? {
        let name = key.split(separator: "/").last ?? ""
        guard name.hasPrefix(Self.prefix), name.hasSuffix(".gz"),
            let index = Int(name.dropFirst(Self.prefix.count).dropLast(3)), (0..<count).contains(index),
            !removed.withLock({ $0.contains(key) })
        else { return nil }
        return index
    }

    private static let prefix = "20261005_100000_00000_"

    private static func digits(_ index: Int) -> String { String(String(index + 10_000).dropFirst()) }

    private func all() throws(SystemFailure) -> [ObjectFile] {
        try made.withLock { (made: inout [ObjectFile]?) throws(SystemFailure) -> [ObjectFile] in
            if let made { return made }
            let objects = try make()
            made = objects
            return objects
        }
    }

    private func make() throws(SystemFailure) -> [ObjectFile] {
        let results = Locked([Result<ObjectFile, SystemFailure>?](repeating: nil, count: count))
        // The level of Java's gzip.
        let compressor = ChunkCompressor(level: 6, workers: 1)
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let object = Result { () throws(SystemFailure) in try make(index, compressor) }
            results.withLock { $0[index] = object }
        }
        var objects: [ObjectFile] = []
        for case let object? in results.withLock({ $0 }) { objects.append(try object.get()) }
        return objects
    }

    private func make(_ index: Int, _ compressor: ChunkCompressor) throws(SystemFailure) -> ObjectFile {
        var lines: [UInt8] = []
        result.appendUnloaded(result.rows(ofObject: index, of: count), to: &lines)
        var frame = GzipFrame(level: compressor.level)
        // One chunk, since Athena's writers do not flush in the middle as pigz does.
        let body = frame.append(compressor.compress(lines, after: [], isLast: true))
        var pieces = [frame.header, body, frame.trailer][...]
        return try ObjectFile { chunk in
            if let piece = pieces.popFirst() { chunk += piece }
        }
    }
}
