import Testing

@testable import Athena

@Suite struct `The name of a recorded answer` {
    @Test(arguments: ["GetQueryResults-1.json", "GetQueryResults-12.503.json", "A-9223372036854775807.json"])
    func `a fixture's name is written as it was read`(_ name: String) {
        #expect(FixtureDirectory.Name(fileName: name)?.fileName == name)
    }

    @Test(arguments: [
        "", "A-1", "A-0.json", "A--1.json", "A-+1.json", "A-01.json", "A-1.200.json", "A-1.+500.json", "A-1.0500.json",
        "A-1.600.json", "A-1.500.1.json", "-1.json", "A1-1.json", "../A-1.json", ".A-1.json.tmp", "A-1.json.gz",
        "A-9223372036854775808.json",
    ])
    func `a fixture's name has one spelling and no other`(_ name: String) {
        #expect(FixtureDirectory.Name(fileName: name) == nil)
    }
}
