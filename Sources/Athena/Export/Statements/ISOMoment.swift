import Clock
import Text

/// A point in time as schedulers write it: ISO 8601 in its extended form, with a date, a time and perhaps a time zone,
/// such as `2026-01-31T02:03:04.5+01:00`. A blank may stand in the place of `T`.
struct ISOMoment {
    /// The time in SQL. One with a time zone is in UTC, and nil if the calendar has no such time; others are not checked.
    let sql: String?

    /// - Returns: nil for a text of another form.
    init?(_ text: String) {
        var rest = Array(text.uppercased().utf8)[...]
        guard let date = Self.take("0000-00-00", from: &rest),
            Self.take("T", from: &rest) ?? Self.take(" ", from: &rest) != nil,
            let minute = Self.take("00:00", from: &rest)
        else { return nil }
        let time = minute + (Self.take(":00", from: &rest) ?? ":00")
        let fraction = Self.takeFraction(from: &rest)
        guard let zone = Self.takeZone(from: &rest), rest.isEmpty else { return nil }
        sql = Self.inUTC(date, time, zone: zone).map { $0 + fraction }
    }

    /// An offset is whole minutes, so the fraction stays the same.
    private static func inUTC(_ date: String, _ time: String, zone: String) -> String? {
        guard !zone.isEmpty else { return "\(date) \(time)" }
        let minutes = zone.utf8.count == 3 ? ":00" : ""
        guard let moment = Timestamp(iso8601: "\(date)T\(time)\(zone)\(minutes)")?.iso8601 else { return nil }
        return "\(moment.prefix(10)) \(moment.dropFirst(11).prefix(8))"
    }

    /// - Returns: the fraction with its point; empty if there is none.
    private static func takeFraction(from rest: inout ArraySlice<UInt8>) -> String {
        guard rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: ",") else { return "" }
        let digits = rest.dropFirst().prefix(while: \.isDigit)
        guard !digits.isEmpty else { return "" }
        rest = rest.dropFirst(1 + digits.count)
        return "." + String(decoding: digits, as: UTF8.self)
    }

    /// - Returns: `Z`, `+01:00`, `+0100` or `+01`; empty at the end of the text; nil for anything else.
    private static func takeZone(from rest: inout ArraySlice<UInt8>) -> String? {
        if rest.isEmpty { return "" }
        for sign in ["+", "-"] {
            for form in ["00:00", "0000", "00"] {
                if let zone = take(sign + form, from: &rest) { return zone }
            }
        }
        return take("Z", from: &rest)
    }

    /// Takes a text of the given form, in which `0` is any digit.
    private static func take(_ form: String, from rest: inout ArraySlice<UInt8>) -> String? {
        let part = rest.prefix(form.utf8.count)
        guard part.count == form.utf8.count,
            zip(part, form.utf8).allSatisfy({ $1 == UInt8(ascii: "0") ? $0.isDigit : $0 == $1 })
        else { return nil }
        rest = rest.dropFirst(part.count)
        return String(decoding: part, as: UTF8.self)
    }
}
