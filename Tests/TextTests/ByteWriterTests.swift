import Testing
import Text

@Suite struct `Writing short texts` {
    /// Up to the last byte of the source and at any distance from it.
    @Test(arguments: 0..<40) func `a copy has the bytes of the range and no other`(_ count: Int) {
        let source = (0..<64).map { UInt8($0) }
        for start in 0...source.count - count {
            let range = start..<start + count
            var copy: [UInt8] = [0xff]
            copy.append(room: count + 1 + ByteWriter.slack) {
                var writer = $0
                writer.append(copying: source.span, in: range)
                writer.append(0xfe)
                return writer
            }
            #expect(copy == [0xff] + source[range] + [0xfe])
        }
    }

    @Test func `a write beyond the room stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var bytes: [UInt8] = []
            bytes.append(room: 1) {
                var writer = $0
                for _ in 0..<1 << 20 { writer.append(0) }
                return writer
            }
        }
        await #expect(processExitsWith: .failure) {
            let text = [UInt8](repeating: 0, count: 1 << 20)
            var bytes: [UInt8] = []
            bytes.append(room: 1) {
                var writer = $0
                writer.append(copying: text.span, in: 0..<text.count)
                return writer
            }
        }
    }
}
