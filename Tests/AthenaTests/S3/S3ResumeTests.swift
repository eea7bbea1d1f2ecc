@testable import Athena
import BatchExport
import Foundation
import InMemoryLogging
import JSON
import Logging
import Testing
import TestSupport

extension `The result object` {
    @Suite struct `Resuming a run that read from S3` {
        private static var result: FakeResult {
            var result = FakeResult.hard
            result.pageRows = 7
            return result
        }

        /// Exports that end at each request for a range, and are continued with other options.
        private func interrupt(
            at number: Int, bytes: Int, inFlight: Int = 2, then change: (inout InProcessExport) -> Void = { _ in },
            in directory: String,
            after: (FakeS3) -> Void = { _ in }
        ) async throws -> InProcessExport {
            let isDown = FaultSwitch()
            let s3 = FakeS3(Self.result) { call in
                call.number >= number && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
            }
            let athena = FakeAthena(result: Self.result, s3: s3)
            var export = InProcessExport(
                athena, in: "\(directory)/\(number)-\(bytes)-\(UInt32.random(in: 0 ... .max))", source: .s3)
            export.ranges = RangeSizes(bytes: bytes, inFlight: inFlight)
            await #expect(throws: AthenaExportError.self) { try await export.run() }
            isDown.turnOff()
            after(s3)
            change(&export)
            try await export.run()
            #expect(athena.executionIDs.count == 1)
            return export
        }

        @Test(arguments: [160, 700])
        func `a resumed run gives the same bytes wherever it ended, with ranges of any size`(_ bytes: Int) async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(Self.result, in: directory)
                let count = (Self.result.csv.count + bytes - 1) / bytes
                var offsets: Set<Int> = []
                for number in stride(from: 1, through: count, by: max(1, count / 6)) {
                    for next in [150, 5000] {
                        let export = try await interrupt(
                            at: number, bytes: bytes,
                            then: { export in
                                if let position = try? export.state().member("position") {
                                    offsets.insert((try? position.member("byte_offset").integer()) ?? 0)
                                }
                                export.ranges.bytes = next
                            }, in: directory)
                        #expect(
                            export.files == expected, "ended at part \(number), continued with ranges of \(next) bytes")
                        #expect(try export.manifest("source") == "s3")
                    }
                }
                #expect(offsets.count >= 3, "batches began at \(offsets)")
            }
        }

        @Test(arguments: [SourceMode.api, .auto])
        func `a resumed run gives the same bytes by another source`(_ source: SourceMode) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(Self.result, in: directory)
                for number in 1...8 {
                    let export = try await interrupt(
                        at: number, bytes: 600, then: { $0.source = source }, in: directory)
                    #expect(export.files == expected, "ended at part \(number)")
                    #expect(try export.manifest("source") == (source == .api ? "api" : "s3"))
                }
            }
        }

        @Test func `a resumed run ends with an error if the object is another one by now`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                for source in [SourceMode.auto, .s3] {
                    await #expect {
                        // One range after another, so that one batch is published when the eighth range fails.
                        _ = try await interrupt(
                            at: 8, bytes: 600, inFlight: 1, then: { $0.source = source }, in: directory
                        ) { s3 in
                            s3.replace(with: Self.result.csv)
                        }
                    } throws: {
                        if case AthenaExportError.resultReplaced = $0 { true } else { false }
                    }
                }
            }
        }

        @Test func `a resumed run ends with an error if another source has other rows`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                var other = Self.result
                other.row = { number in number == 12 ? ["k", "other", nil, nil] : Self.result.row(number) }
                let s3 = FakeS3(Self.result) { call in call.number >= 8 ? .s3Error("AccessDenied", status: 403) : nil }
                var export = InProcessExport(FakeAthena(result: other, s3: s3), in: directory, source: .auto)
                export.ranges = RangeSizes(bytes: 600, inFlight: 1)
                await #expect {
                    try await export.run()
                } throws: {
                    if case ExportError.inconsistentSource = $0 { true } else { false }
                }
                #expect(export.log.text.contains("another source than before"))
            }
        }

        @Test func `a run that began by the API can be resumed from S3`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let expected = try await reference(Self.result, in: directory)
                for number in 2...8 {
                    let isDown = FaultSwitch()
                    let athena = FakeAthena(
                        result: Self.result, s3: FakeS3(Self.result),
                        script: { call in
                            call.operation == "GetQueryResults" && call.operationNumber >= number && isDown.isOn
                                ? .error("AccessDeniedException", "no") : nil
                        })
                    var export = InProcessExport(athena, in: "\(directory)/\(number)", source: .api)
                    await #expect(throws: (any Error).self) { try await export.run() }
                    isDown.turnOff()
                    export.source = .s3
                    try await export.run()
                    #expect(export.files == expected, "ended at page \(number)")
                    #expect(try export.manifest("source") == "s3")
                }
            }
        }
    }
}
