@testable import JSON
import Testing

@Suite struct `Marks of texts` {
    /// Bytes next to the special ones, which a wrong test would confuse with them.
    private static let neighbours: [UInt8] = [
        0x00, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x2b, 0x2c, 0x2d, 0x3b, 0x3d, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80,
        0xa2,
        0xfb, 0xff,
    ]

    /// Every byte at every place, among bytes that resemble it.
    private func texts(_ count: Int) -> [(text: [UInt8], place: Int)] {
        var generator = SystemRandomNumberGenerator()
        var texts: [(text: [UInt8], place: Int)] = []
        for byte in UInt8.min ... .max {
            for place in 0..<count {
                var text = (0..<count).map { _ in Self.neighbours.randomElement(using: &generator) ?? 0 }
                text[place] = byte
                texts.append((text, place))
            }
        }
        return texts
    }

    @Test func `marks of sixteen bytes are those that the processor and arithmetic find`() {
        for (text, place) in texts(16) {
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

    @Test func `marks of JSON's structure are those that the processor and arithmetic find`() {
        for (text, _) in texts(16) {
            let (low, high) = (text.span.loadWord(at: 0), text.span.loadWord(at: 8))
            for beginsInString in [false, true] {
                let marks = JSONMarks(low, high, beginsInString: beginsInString)
                #expect(marks == JSONMarks(portably: low, high, beginsInString: beginsInString), "\(text)")
                var isInString = beginsInString
                var (opening, closing) = (0, 0)
                var hasOthers = false
                for byte in text {
                    if byte == 0x22 { isInString.toggle() }
                    if byte < 0x20 || byte == 0x5c { hasOthers = true }
                    if !isInString, !"{}[],: \"".utf8.contains(byte) { hasOthers = true }
                    if !isInString, byte == 0x5b || byte == 0x7b { opening += 1 }
                    if !isInString, byte == 0x5d || byte == 0x7d { closing += 1 }
                }
                #expect(marks.opening == opening && marks.closing == closing, "\(text)")
                #expect(marks.endsInString == isInString && marks.hasOthers == hasOthers, "\(text)")
            }
        }
    }

    /// Sixty-four at a time, and the rest of a text that ends before.
    @Test(arguments: [64, 63, 9, 8, 1])
    func `marks of CSV's structure are those that the processor and arithmetic find`(
        _ count: Int
    ) {
        for (text, _) in texts(count) {
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
