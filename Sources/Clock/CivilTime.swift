/// A point in time as a calendar and a clock in UTC show it (proleptic Gregorian, no leap seconds).
struct CivilTime: Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour = 0
    var minute = 0
    var second = 0
    var millisecond = 0
}

extension CivilTime {
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that the leap day is the
    /// last of its year, and 400 years are one era.
    init(_ timestamp: Timestamp) {
        let (days, timeOfDay) = timestamp.milliseconds.flooredDivision(by: Self.millisecondsPerDay)
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        hour = Int(timeOfDay / 3_600_000)
        minute = Int(timeOfDay / 60_000 % 60)
        second = Int(timeOfDay / 1000 % 60)
        millisecond = Int(timeOfDay % 1000)
    }

    private var daysSinceEpoch: Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The point in time; nil for a date or time that does not exist, such as the 31st of April or 24:30.
    var timestamp: Timestamp? {
        // A leap second is 60, and counts as the first of the next minute.
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        let time = Int64((hour * 60 + minute) * 60 + second) * 1000 + Int64(millisecond)
        let midnight = Timestamp(milliseconds: daysSinceEpoch * Self.millisecondsPerDay)
        // A day that the month does not have comes back as one of the next month.
        guard CivilTime(midnight).day == day else { return nil }
        return Timestamp(milliseconds: midnight.milliseconds + time)
    }
}
