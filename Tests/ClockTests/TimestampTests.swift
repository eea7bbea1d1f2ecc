import Testing

@testable import Clock

@Suite struct `Points in time` {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_795_395_723_123, "2026-11-23T01:02:03.123Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ])
    func `a point in time is written in ISO 8601 and read back`(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test func `every day of four centuries comes back`() {
        for day in Int64(-10_000)..<136_097 {
            let timestamp = Timestamp(milliseconds: day * 86_400_000 + 1)
            #expect(CivilTime(timestamp).timestamp == timestamp)
        }
    }

    @Test(arguments: [
        ("2026-11-23T01:02:03Z", 1_795_395_723_000), ("2026-11-23T02:02:03+01:00", 1_795_395_723_000),
        ("2026-11-22T20:02:03.5-0500", 1_795_395_723_500), ("2026-11-23 01:02:03.123456789Z", 1_795_395_723_123),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
    ])
    func `a point in time is read in the forms that services use`(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T01:02:03", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T01:60:00Z",
        "2026-11-23T01:02:03.Z", "2026-11-23T01:02:03Zx", "+026-11-23T01:02:03Z", "2026-11-23T01:02:03+1:00",
        "٢٠٢٦-11-23T01:02:03Z", "0000-01-01T00:00:00Z",
    ])
    func `a point in time is not read from anything else`(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func `a point in time is read from the Date header`() {
        #expect(Timestamp(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.iso8601 == "1994-11-06T08:49:37.000Z")
        for text in [
            "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
        ] {
            #expect(Timestamp(httpDate: text) == nil, "\(text)")
        }
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan, 1e300, -1e300])
    func `a point in time out of all range stays in range`(_ seconds: Double) {
        #expect(Timestamp(iso8601: Timestamp(seconds: seconds).iso8601) == Timestamp(seconds: seconds))
    }

    @Test func `durations can be added to a point in time, and points subtracted`() {
        let start = Timestamp(seconds: 1000.25)
        #expect(start.advanced(by: .milliseconds(-250)) == Timestamp(seconds: 1000))
        #expect(start.duration(to: Timestamp(seconds: 999)) == .milliseconds(-1250))
        for seconds in [Int64.max, Int64.max / 1000] {
            #expect(start.advanced(by: .seconds(seconds) + .milliseconds(999)).iso8601.hasPrefix("9999-12-31"))
            #expect(start.advanced(by: .seconds(-seconds)).iso8601.hasPrefix("0001-01-01"))
        }
    }
}
