/// All rows of a period in one form, one after another. To serve a row its bytes are copied and its number is put in,
/// which costs little more than the copy.
struct RowStrip {
    private let bytes: [UInt8]
    /// Where the row of each slot begins, and the end.
    private let starts: [Int]
    /// Where the numbers go: as many places in each row, row by row.
    private let numberOffsets: [Int]
    private let numbersPerRow: Int

    var period: Int { starts.count - 1 }
    var periodBytes: Int { bytes.count }

    /// - Parameter render: writes one row.
    init(of table: BenchmarkTable, render: ([String?], inout [UInt8]) -> Void) {
        let placeholder = BenchmarkTable.numberPlaceholder.utf8
        var bytes: [UInt8] = []
        var starts = [0]
        var offsets: [Int] = []
        for slot in 0..<table.period {
            render(table.values(slot: slot), &bytes)
            var offset = starts[slot]
            while let mark = bytes[offset...].firstIndex(of: UInt8(ascii: "#")) {
                // A lone one is text.
                if bytes[mark...].starts(with: placeholder) { offsets.append(mark) }
                offset = mark + (offsets.last == mark ? placeholder.count : 1)
            }
            starts.append(bytes.count)
        }
        precondition(offsets.count % table.period == 0, "every row has as many numbers")
        self.bytes = bytes
        self.starts = starts
        numberOffsets = offsets
        numbersPerRow = offsets.count / table.period
    }

    /// Bytes of the rows before this one.
    func offset(ofRow row: Int) -> Int {
        row / period * periodBytes + starts[row % period]
    }

    /// The row in which a byte lies.
    func row(atOffset offset: Int) -> Int {
        let rest = offset % periodBytes
        var low = 0
        var high = period
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= rest { low = middle } else { high = middle }
        }
        return offset / periodBytes * period + low
    }

    func append(_ rows: Range<Int>, to output: inout [UInt8]) {
        var row = rows.lowerBound
        while row < rows.upperBound {
            let slot = row % period
            let count = min(rows.upperBound - row, period - slot)
            let base = output.count - starts[slot]
            output.append(contentsOf: bytes[starts[slot]..<starts[slot + count]])
            let offsets = numberOffsets.span
            var elements = output.mutableSpan
            var buffer = elements.mutableBytes
            for index in 0..<count {
                let digits = Self.eightDigits(BenchmarkTable.firstNumber + row + index)
                let first = (slot + index) * numbersPerRow
                for place in first..<first + numbersPerRow {
                    buffer.storeBytes(of: digits, toByteOffset: base + offsets[place], as: UInt64.self)
                }
            }
            row += count
        }
    }

    /// The decimal digits of a number below 100,000,000 in memory order. Splits the number into halves, pairs and digits,
    /// in all lanes of one word at once.
    static func eightDigits(_ number: Int) -> UInt64 {
        let halves = UInt64(number / 10_000) | UInt64(number % 10_000) << 32
        let hundreds = (halves &* 10_486) >> 20 & 0x7f_0000_007f
        let pairs = hundreds | (halves &- hundreds &* 100) << 16
        let tens = (pairs &* 103) >> 10 & 0x000f_000f_000f_000f
        let digits = tens | (pairs &- tens &* 10) << 8
        return (digits | 0x3030_3030_3030_3030).littleEndian
    }
}
