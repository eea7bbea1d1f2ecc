import Text

extension Timestamp {
    /// Written `2026-11-23T01:02:03.123Z`.
    package var iso8601: String {
        let time = CivilTime(self)
        let date = "\(time.year.padded(4))-\(time.month.padded(2))-\(time.day.padded(2))"
        let clock = "\(time.hour.padded(2)):\(time.minute.padded(2)):\(time.second.padded(2))"
        return "\(date)T\(clock).\(time.millisecond.padded(3))Z"
    }

    /// Written `20261123T010203Z`, the basic form that signatures use.
    package var iso8601Basic: String {
        let time = CivilTime(self)
        let date = time.year.padded(4) + time.month.padded(2) + time.day.padded(2)
        return "\(date)T\(time.hour.padded(2))\(time.minute.padded(2))\(time.second.padded(2))Z"
    }

    /// Reads the extended form with a time zone: `2026-11-23T01:02:03Z`, with or without a fraction, `+01:00` for `Z`.
    ///
    /// Digits after the millisecond are dropped. A text without a time zone is refused, since its meaning is unknown.
    package init?(iso8601 text: String) {
        var reader = FieldReader(text)
        guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2),
            reader.skip("-"), let day = reader.number(digits: 2), reader.skip("T") || reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"), let second = reader.number(digits: 2), let millisecond = reader.fraction(),
            let offset = reader.zoneOffset(), reader.isAtEnd
        else { return nil }
        let time = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, millisecond: millisecond)
        guard let local = time.timestamp else { return nil }
        self = local.advanced(by: .seconds(-60 * offset))
    }

    /// Reads the `Date` header's form (RFC 9110, IMF-fixdate): `Sun, 06 Nov 1994 08:49:37 GMT`.
    package init?(httpDate text: String) {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        var day = FieldReader(parts[1])
        var year = FieldReader(parts[3])
        var clock = FieldReader(parts[4])
        guard let day = day.number(digits: 2), let year = year.number(digits: 4), let hour = clock.number(digits: 2),
            clock.skip(":"), let minute = clock.number(digits: 2), clock.skip(":"),
            let second = clock.number(digits: 2), clock.isAtEnd
        else { return nil }
        let time = CivilTime(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
        guard let timestamp = time.timestamp else { return nil }
        self = timestamp
    }
}

/// Reads fields of fixed width, digit by digit: `Int("+1")` would be a number too.
private struct FieldReader {
    private var rest: Substring.UTF8View

    init(_ text: some StringProtocol) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(digits: Int) -> Int? {
        let field = rest.prefix(digits)
        guard field.count == digits, field.allSatisfy(\.isDigit) else { return nil }
        rest.removeFirst(digits)
        return field.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Milliseconds; 0 if there is no fraction, nil if there is a point and no digit.
    mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        let digits = rest.prefix(while: \.isDigit)
        guard !digits.isEmpty else { return nil }
        rest.removeFirst(digits.count)
        return (digits + Array("00".utf8)).prefix(3).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Minutes east of UTC.
    mutating func zoneOffset() -> Int? {
        if skip("Z") { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+"), let hours = number(digits: 2), hours < 24 else { return nil }
        _ = skip(":")
        guard let minutes = number(digits: 2), minutes < 60 else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
