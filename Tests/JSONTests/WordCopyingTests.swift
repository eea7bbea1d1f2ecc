import JSON
import Testing

@Suite struct `Copying by words` {
    /// Up to the last byte of the source and at any distance from it.
    @Test(arguments: 0..<40) func `copies the bytes of the range and no other`(_ count: Int) {
        let source = (0..<64).map { UInt8($0) }
        for start in 0...source.count - count {
            let range = start..<start + count
            var copy: [UInt8] = [0xff]
            copy.append(addingCapacity: count + OutputSpan<UInt8>.copyingSlack) {
                $0.append(copying: source.span, in: range)
            }
            #expect(copy == [0xff] + source[range])
            var tested: [UInt8] = [0xff]
            var found: [UInt8] = []
            tested.append(addingCapacity: count + OutputSpan<UInt8>.copyingSlack) { output in
                found = source.filter { byte in
                    let start = output.count
                    defer { output.removeLast(output.count - start) }
                    return output.append(copying: source.span, in: range) { $0.bytes(equalTo: byte) }
                }
                _ = output.append(copying: source.span, in: range) { _ in 0 }
            }
            #expect(tested == [0xff] + source[range])
            #expect(found == Array(source[range]))
        }
    }
}
