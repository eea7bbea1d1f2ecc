/// A query result as Athena serves it: pages of GetQueryResults, and the CSV object in S3. Rows are made on request, so
/// there can be any number of them.
struct GeneratedResult {
    let table: BenchmarkTable
    let rowCount: Int

    private let rows: RenderedRows

    init(_ table: BenchmarkTable, rowCount: Int) {
        self.table = table
        self.rowCount = rowCount
        rows = RenderedRows.of(table)
    }
}

// MARK: - GetQueryResults

extension GeneratedResult {
    /// Appends the body of one answer; the first page begins with the header row.
    ///
    /// Members and their order are those of the live service: the token first, and every row twice, once in members that
    /// no published model has.
    ///
    /// - Returns: false, with nothing appended, for a token that was never issued.
    func appendPage(token: String?, maxResults: Int, to body: inout [UInt8]) -> Bool {
        guard let start = token.map(Self.row(ofToken:)) ?? 0, (0...rowCount).contains(start) else { return false }
        let names: [String?]? = token == nil ? table.columns.map(\.name) : nil
        let headerRows = names == nil ? 0 : 1
        let end = min(rowCount, start + maxResults - headerRows)
        body.append("{")
        // A full page has a token even if nothing follows, so the last page can be empty.
        if end - start + headerRows == maxResults { body.append("\"NextToken\":\"\(Self.token(forRow: end))\",") }
        body.append("\"ResultSet\":{\"ColumnInfos\":")
        body += rows.columnInfo
        body.append(",\"ResultRows\":[")
        if let names { RenderedRows.appendPlain(names, to: &body) }
        rows.plain.append(start..<end, to: &body)
        body.removeTrailingComma()
        body.append("],\"ResultSetMetadata\":{\"ColumnInfo\":")
        body += rows.columnInfo
        body.append("},\"Rows\":[")
        if let names { RenderedRows.appendDatum(names, to: &body) }
        rows.datum.append(start..<end, to: &body)
        body.removeTrailingComma()
        body.append("]},\"UpdateCount\":0}")
        return true
    }

    /// A hundred characters, as the service's tokens have, with the number of the next row at the end.
    static func token(forRow row: Int) -> String {
        let digits = String(row)
        return String(repeating: "A", count: 100 - digits.utf8.count) + digits
    }

    private static func row(ofToken token: String) -> Int? {
        guard token.utf8.count == 100 else { return nil }
        return Int(token.drop { $0 == "A" })
    }
}

// MARK: - The object in S3

extension GeneratedResult {
    var csvBytes: Int { rows.csvHeader.count + rows.csv.offset(ofRow: rowCount) }

    /// Appends whole lines of the object.
    func appendCSV(_ range: Range<Int>, to output: inout [UInt8]) {
        rows.csv.append(range, to: &output)
    }

    /// Appends bytes of the object from an offset on: at least one, at most `maximum`.
    func appendCSV(from offset: Int, maximum: Int, to output: inout [UInt8]) {
        guard offset >= rows.csvHeader.count else {
            output += rows.csvHeader[offset...].prefix(maximum)
            return
        }
        let first = rows.csv.row(atOffset: offset - rows.csvHeader.count)
        let start = offset - rows.csvHeader.count - rows.csv.offset(ofRow: first)
        // Makes whole rows and cuts off the ends.
        let last = rows.csv.row(atOffset: offset - rows.csvHeader.count + maximum - 1)
        let base = output.count
        rows.csv.append(first..<min(rowCount, last + 1), to: &output)
        if start > 0 { output.removeSubrange(base..<base + start) }
        if output.count - base > maximum { output.removeSubrange((base + maximum)...) }
    }
}

// MARK: - The objects of an UNLOAD

extension GeneratedResult {
    /// The rows of one of as many objects as that. Together they have all rows, in order.
    func rows(ofObject object: Int, of count: Int) -> Range<Int> {
        object * rowCount / count..<(object + 1) * rowCount / count
    }

    /// Appends lines of JSON.
    func appendUnloaded(_ range: Range<Int>, to output: inout [UInt8]) {
        rows.unloaded.append(range, to: &output)
    }
}

extension [UInt8] {
    mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Every row has a comma behind it.
    fileprivate mutating func removeTrailingComma() {
        if last == UInt8(ascii: ",") { removeLast() }
    }
}
