/// The form of values, for messages about a wrong one.
enum ValueForm {
    static let time = "10s, 90m or 1h30m"
    static let size = "1000000, 64KiB or 128MiB"
    static let count = "a whole number such as 1000"
    static let price = "a number such as 5 or 6.25"

    /// The form of an option's values by their name in the help.
    static func of(valueName: String) -> String? {
        switch valueName {
        case "time": "write \(time)"
        case "size": "write \(size)"
        case "n": "write \(count)"
        case "price": "write \(price)"
        default: nil
        }
    }

    /// `write csv or ndjson; did you mean ndjson?`
    static func oneOf(_ values: [String], given: String) -> String {
        let list = values.dropLast().joined(separator: ", ")
        let all = list.isEmpty ? values.joined() : "\(list) or \(values.last ?? "")"
        let meant = Suggestion.nearest(to: given, among: values)
        return "write \(all)" + (meant.map { "; did you mean \($0)?" } ?? "")
    }
}
