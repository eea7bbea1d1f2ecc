import Testing
import TestSupport

@testable import Text

@Suite struct `Marks of texts` {
    @Test func `marks of sixteen bytes are those that the processor and arithmetic find`() {
        for (text, place) in MarkedTexts.make(16) {
            let (low, high) = (text.span.loadWord(at: 0), text.span.loadWord(at: 8))
            #expect(TextMarks(low, high) == TextMarks(portably: low, high), "\(text)")
            var first = TextMarks()
            first.formUnion(TextMarks(portably: low, high), ofFirst: place)
            let marked = text[..<place]
            #expect(
                first.bytesBeforeQuoteOrSpecial == marked.firstIndex { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c },
                "\(text)")
            #expect(first.hasQuotes == marked.contains(0x22), "\(text)")
            #expect(first.hasCommas == marked.contains(0x2c), "\(text)")
            #expect(first.hasSpecials == marked.contains { $0 < 0x20 || $0 == 0x5c }, "\(text)")
            #expect(first.hasNonASCII == marked.contains { $0 > 0x7f }, "\(text)")
            #expect(text.span.textMarks(in: 0..<place) == first, "\(text)")
        }
    }

    /// Sixty-four at a time, and the rest of a text that ends before.
    @Test(arguments: [64, 63, 9, 8, 1])
    func `marks of CSV's structure are those that the processor and arithmetic find`(
        _ count: Int
    ) {
        for (text, _) in MarkedTexts.make(count) {
            let marks = CSVMarks(text.span, at: 0)
            #expect(marks == CSVMarks(portably: text.span.loadWords(at: 0)), "\(text)")
            for place in 0..<64 {
                let byte = place < count ? text[place] : 0
                let isOther = byte < 0x20 || byte == 0x2c || byte == 0x5c || byte > 0x7f
                #expect(marks.quotes >> UInt64(place) & 1 == (byte == 0x22 ? 1 : 0), "\(text)")
                #expect(marks.others >> UInt64(place) & 1 == (isOther ? 1 : 0), "\(text)")
            }
        }
    }
}
