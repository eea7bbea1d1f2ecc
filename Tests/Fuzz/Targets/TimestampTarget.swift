@testable import AWS
import Clock

extension FuzzTarget {
    /// Times as text in both spellings, and as the number that eight bytes make.
    static let timestamp = FuzzTarget("timestamp") { input in
        var timestamps: [Timestamp] = []
        if let text = input.utf8Text {
            timestamps += [Timestamp(iso8601: text), Timestamp(httpDate: text)].compactMap(\.self)
        }
        if input.count == 8 {
            let bits = input.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            timestamps += [
                Timestamp(seconds: Double(bitPattern: bits)), Timestamp(milliseconds: Int64(bitPattern: bits)),
            ]
        }
        for timestamp in timestamps {
            try promise(Timestamp(iso8601: timestamp.iso8601) == timestamp, "\(timestamp.iso8601) reads back")
            try promise(timestamp.iso8601Basic.utf8.count == 16, "the basic form has its width")
        }
    }
}
