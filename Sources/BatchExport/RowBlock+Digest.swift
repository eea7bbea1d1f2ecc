import Digest

extension RowBlock {
    /// The identity of a row's values, whatever page or source they came in.
    func sha256(ofRow row: Int) -> String {
        var digest = SHA256()
        for index in cellIndices(ofRow: row) {
            let cell = cells[index]
            // With its length before it, no value can be taken for two, and NULL for none.
            digest.update(Array("\(cell.isNull ? -1 : Int(cell.count)):".utf8))
            digest.update(Array(bytes[cell.range]))
        }
        return digest.finalize().hexadecimal
    }
}
