import AWS
import Loopback
import Testing
import TestSupport

@testable import Athena

extension `An export by UNLOAD` {
    @Suite struct `What is wrong with unloaded objects` {
        private func ends(
            _ result: FakeResult = .hard, _ change: @escaping (inout FakeUnload.Settings) -> Void,
            s3Script: @escaping FaultScript = { _ in nil }, with isExpected: @escaping (UnloadError) -> Bool
        ) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(result, in: directory, change, s3Script: s3Script)
                let before = setup.objects
                await setup.fails(with: isExpected)
                #expect(setup.unloads.count == 1)
                #expect(before.allSatisfy { setup.objects.contains($0) })
            }
        }

        @Test func `a list with a foreign object or one that stands in it twice ends the run`() async throws {
            for change in [
                { $0.append("s3://other/unloaded/x.gz") }, { $0.append("s3://results/unloaded-elsewhere/x") },
                { $0.append($0[0]) },
            ] as [@Sendable (inout [String]) -> Void] {
                try await ends {
                    $0.changeManifest = change
                } with: {
                    if case .manifest = $0 { true } else { false }
                }
            }
        }

        @Test func `no list and rows all the same end the run`() async throws {
            for count in [5, nil] {
                try await ends {
                    $0.hasManifestObject = false
                    $0.answersDataManifest = false
                    $0.updateCount = { _ in count }
                } with: {
                    if case .noManifest(_, count, _) = $0 { true } else { false }
                }
            }
        }

        @Test func `a list whose pages lead to each other ends the run`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory) {
                    $0.hasManifestObject = false
                } script: {
                    // Before that, the probe's columns and the number of rows.
                    guard $0.operation == "GetQueryResults", $0.operationNumber > 2 else { return nil }
                    let page = #"{"NextToken":"\#($0.operationNumber % 2)","ResultSet":{"Rows":[]}}"#
                    return .alter { $0.body = Array(page.utf8) }
                }
                await #expect {
                    try await setup.run.run()
                } throws: {
                    if case AthenaExportError.repeatedPageToken = $0 { true } else { false }
                }
                #expect(setup.athena.count(of: "GetQueryResults") < 10)
            }
        }

        @Test(arguments: [(true, true), (true, false), (false, true)])
        func `an empty list counts as no rows only if Athena counts them`(_ hasObject: Bool, _ isAnswered: Bool)
            async throws
        {
            try await ends {
                $0.hasManifestObject = hasObject
                $0.answersDataManifest = isAnswered
                $0.changeManifest = { $0 = [] }
                $0.updateCount = { _ in nil }
            } with: {
                if case .noManifest(_, nil, let reason) = $0 { reason.contains("empty") } else { false }
            }
            try await ends {
                $0.hasManifestObject = hasObject
                $0.answersDataManifest = isAnswered
                $0.changeManifest = { $0 = [] }
            } with: {
                $0 == .rowCountDiffers(expected: 61, found: 0)
            }
        }

        @Test(arguments: [60, 62, 0]) func `a number of rows that is not Athena's ends the run and removes nothing`(
            _ count: Int
        ) async throws {
            try await ends {
                $0.updateCount = { _ in count }
            } with: {
                $0 == .rowCountDiffers(expected: count, found: 61)
            }
        }

        @Test func `damage of an object ends the run at its place`() async throws {
            let damages: [@Sendable (inout [UInt8]) -> Void] = [
                { $0.removeLast(4) }, { $0.removeLast(40) }, { $0[$0.count - 6] ^= 1 }, { $0[30] ^= 0x55 },
                { $0 += [0, 0, 0, 0] }, { $0 += Array("more".utf8) },
            ]
            for damage in damages {
                try await ends {
                    $0.changeObject = { object, bytes in if object == 1 { damage(&bytes) } }
                } with: {
                    if case .malformed(let place, _, _, _) = $0 { place.key.contains("c0001") } else { false }
                }
            }
        }

        @Test func `a line that does not fit ends the run with its column and without its value`() async throws {
            try await ends {
                $0.changeLine = { row, line in
                    if row == 33 { line = Array("{\"c0000\":\"secret\",\"c0002\":7}\n".utf8) }
                }
            } with: {
                guard case .malformed(_, _, 3, _) = $0 else { return false }
                return !"\($0)".contains("secret")
            }
            try await ends {
                $0.changeLine = { row, line in if row == 33 { line = Array("{\"secret\":1}\n".utf8) } }
            } with: {
                guard case .malformed(_, _, nil, _) = $0 else { return false }
                return !"\($0)".contains("secret")
            }
        }

        @Test func `an object that is replaced or gone ends the run`() async throws {
            try await ends {
                $0.objects = 2
            } s3Script: {
                // A list, its two objects, and the first of them.
                $0.operation == "GetObject" && $0.number > 5 ? .s3Error("PreconditionFailed", status: 412) : nil
            } with: {
                if case .objectChanged = $0 { true } else { false }
            }
            try await ends {
                $0.changeManifest = { $0[0] += "x" }
            } with: {
                if case .objectGone = $0 { true } else { false }
            }
        }

        @Test func `a count that is missing is told and does not end the run`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory) { $0.updateCount = { _ in nil } }
                try await setup.run.run()
                #expect(try setup.run.manifest("source_note")?.contains("no number of rows") == true)
                #expect(setup.run.log.text.contains("cannot be compared"))
            }
        }
    }
}
