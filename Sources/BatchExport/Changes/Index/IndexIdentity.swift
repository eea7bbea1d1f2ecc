import Digest

extension IndexIdentity {
    /// Of the rows that the files of a table make together.
    ///
    /// - Parameters:
    ///   - entries: all of them, by rising sequence.
    ///   - primaryKey: which tells rows apart.
    init(of entries: [Manifest.Entry], primaryKey: [String], format: FileFormat) {
        var parts: [UInt8] = []
        // With its length before it, no part can be taken for two.
        func add(_ text: String) { parts += "\(text.utf8.count):\(text)".utf8 }
        add(format.rawValue)
        for name in primaryKey { add(name) }
        for entry in entries {
            let kind = if case .rows = entry { "rows" } else { "deletes" }
            add("\(kind) \(entry.sequence) \(entry.file.sha256)")
        }
        self.init(SHA256.hash(parts))
    }
}
