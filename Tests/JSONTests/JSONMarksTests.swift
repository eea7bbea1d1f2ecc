import Testing
import TestSupport
import Text

@testable import JSON

@Suite struct `Marks of JSON` {
    @Test func `marks of JSON's structure are those that the processor and arithmetic find`() {
        for (text, _) in MarkedTexts.make(16) {
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
}
