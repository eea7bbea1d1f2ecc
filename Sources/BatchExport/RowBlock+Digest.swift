import Digest

extension RowBlock {
    /// The identity of a row's values, whatever page or source they came in.
    func sha256(ofRow row: Int) -> String {
        var values: [UInt8] = []
        for index in cellIndices(ofRow: row) {
            let cell = cells[index]
            // With its length before it, no value can be taken for two, and NULL for none.
            values += "\(cell.isNull ? -1 : Int(cell.count)):".utf8
            values += bytes[cell.range]
        }
        return SHA256.hash(values).hexadecimal
    }
}
