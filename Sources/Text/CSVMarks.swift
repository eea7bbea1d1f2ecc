public import CVector

/// The places of the bytes that give CSV its structure, among sixty-four bytes.
public struct CSVMarks: Equatable {
    /// A bit for each byte, the first byte's lowest.
    public let quotes: UInt64
    /// Commas, backslashes, control characters and bytes beyond ASCII.
    public let others: UInt64

    /// The marks of the bytes that begin at an offset. Bytes behind the end of the text count as control characters.
    @inlinable @inline(__always)
    public init(_ text: Span<UInt8>, at offset: Int) {
        #if arch(x86_64)
            if offset >= 0, offset &+ 64 <= text.count {
                let marks = unsafe text.withUnsafeBufferPointer { buffer in
                    unsafe cvector_csv_marks(buffer.baseAddress.unsafelyUnwrapped + offset)
                }
                self.init(quotes: marks.quotes, others: marks.others)
                return
            }
        #endif
        self.init(portably: text.loadWords(at: offset))
    }

    @inlinable
    init(quotes: UInt64, others: UInt64) {
        self.quotes = quotes
        self.others = others
    }

    /// The same marks without vector instructions.
    @inlinable
    public init(portably words: InlineArray<8, UInt64>) {
        var (quotes, others): (UInt64, UInt64) = (0, 0)
        for index in words.indices {
            let word = words[index]
            quotes |= word.marks(equalTo: .quote).byteSet &<< UInt64(8 &* index)
            let marks = word.marks(equalTo: .comma) | word.marks(equalTo: .backslash) | word.marksBelowSpace | word
            others |= marks.byteSet &<< UInt64(8 &* index)
        }
        self.init(quotes: quotes, others: others)
    }
}

extension Span<UInt8> {
    /// The sixty-four bytes that begin at an offset, the first in the lowest bits; zeros behind the end of the text.
    @usableFromInline
    func loadWords(at offset: Int) -> InlineArray<8, UInt64> {
        InlineArray { index in
            let start = offset + 8 * index
            if start + 8 <= count { return loadWord(at: start) }
            return (start..<Swift.max(start, count)).reversed().reduce(0) { $0 << 8 | UInt64(self[$1]) }
        }
    }
}
