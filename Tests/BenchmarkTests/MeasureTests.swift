import Foundation
import JSON
import Testing
import TestSupport

/// The built benchmark, on a result so small that its figures mean nothing.
@Suite struct `The benchmark's measurements` {
    private static var program: String {
        URL(fileURLWithPath: Executable.path).deletingLastPathComponent()
            .appendingPathComponent("athena-export-benchmark").path
    }

    @Test func `whole runs by each source are measured beside the compressors of the same bytes`() async throws {
        let arguments = [
            "--rows", "2000", "--samples", "1", "--format", "json", "--only", "run", "customers", "csv", "2-cores",
            "0-ms",
        ]
        let outcome = try await Executable.run(Self.program, arguments, environment: Executable.environment())
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
        let groups = try report.member("groups").elements()
        #expect(groups.count == 1)
        let measurements = try groups[0].member("measurements").elements()
        let names = try measurements.map { try $0.member("name").string() }
        #expect(names.prefix(3) == ["api", "s3", "unload"].map { "run/customers/csv/\($0)/2-cores/0-ms" }[...])
        for measurement in measurements {
            #expect(try measurement.optionalMember("failure") == nil)
            #expect(try measurement.member("rows").integer() == 2000)
            #expect(try measurement.member("bytes").integer() > 100_000)
            #expect(try measurement.member("samples").elements().count == 1)
        }
        let ratios = try measurements[0].member("seconds_relative_to").value
        #expect(ratios != [:], "no compressor is installed, not even gzip")
    }

    @Test func `a command that cannot be measured is reported in its own words`() async throws {
        let arguments = [
            "--rows", "10", "--samples", "1", "--program", "/bin/false", "--only", "run", "customers", "csv",
            "api", "2-cores", "0-ms",
        ]
        let outcome = try await Executable.run(Self.program, arguments, environment: Executable.environment())
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("run/customers/csv/api/2-cores/0-ms: exit status 1"))
    }
}
