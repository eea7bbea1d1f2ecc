import Digest

extension RowBlock {
    /// The identity of a row's values, whatever page or source they come from.
    func sha256(ofRow row: Int) -> String {
        var values: [UInt8] = []
        for index in cellIndices(ofRow: row) {
            let cell = cells[index]
            // The length before each value separates the values, and NULL from an empty text.
            values += "\(cell.isNull ? -1 : Int(cell.count)):".utf8
            values += bytes[cell.range]
        }
        return SHA256.hash(values).hexadecimal
    }
}
