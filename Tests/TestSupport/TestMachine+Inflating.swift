package import Foundation
import Gzip

extension TestMachine {
    /// The text of gzip files, one after another in the order of their names.
    package static func inflated(_ files: [String: Data]) throws -> String {
        var text: [UInt8] = []
        for (_, file) in files.sorted(by: { $0.key < $1.key }) {
            let (bytes, inflater) = (Array(file), Inflater())
            var offset = 0
            while !inflater.isAtEnd, offset < bytes.count {
                var end = text.count
                text += [UInt8](repeating: 0, count: 1 << 16)
                var room = text.mutableSpan
                try inflater.inflate(bytes.span, at: &offset, into: &room, at: &end)
                text.removeLast(text.count - end)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
