/// Years before 1 and after 9999 as Athena prints them, by ISO 8601: `-0001-12-31`, `0000-01-01`, `+10000-01-01`.
///
/// Sources: java.time's pattern `uuuu`, by which Trino prints dates; apache/hudi, issue 2123.
enum SignedYear {
    /// An SQL condition: whether a text begins with such a year.
    static func begins(_ text: String) -> String {
        "(\(text) LIKE '+%' OR \(text) LIKE '-%' OR \(text) LIKE '0000-%')"
    }

    /// The script's message if a column has a year that the target does not have.
    ///
    /// - Parameter years: the missing years, in words.
    static func problem(batch: Int, column: Column, years: String = "before 1 or after 9999", target: String) -> String
    {
        "batch \(batch): column \(column.name) holds a year \(years), which \(target) does not have; \(remedy)"
    }

    /// The advice, which needs no other query.
    static let remedy = "print the script again with --as-text for that column and with another --table"
}

extension Column {
    /// Whether the values are dates, or times with a date.
    var hasYears: Bool {
        switch type {
        case .naiveDate, .naiveDateTime, .utcDateTime: true
        default: false
        }
    }
}
