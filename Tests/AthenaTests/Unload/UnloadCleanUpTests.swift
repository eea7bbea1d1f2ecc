import AWS
import BatchExport
import Foundation
import JSON
import Testing
import TestSupport
import Threading

@testable import Athena

extension `An export by UNLOAD` {
    @Suite struct `What starts that were given up have unloaded` {
        /// An Athena whose first UNLOAD writes its objects and then fails.
        private func athena(_ s3: FakeS3, retryable: Bool) -> FakeAthena {
            var result = FakeResult.hard
            result.athenaError = ["ErrorCategory": .integer(1), "Retryable": .bool(retryable)]
            let fake = FakeUnload(result, s3: s3)
            let fails = FaultSwitch()
            return FakeAthena(
                result: result, s3: s3,
                evaluate: { request in
                    var evaluated = try await fake.evaluate(try request.member("QueryString").string())
                    if evaluated.substatementType == "UNLOAD", fails.isOn {
                        fails.turnOff()
                        evaluated.states = ["FAILED"]
                    }
                    return evaluated
                })
        }

        private func run(
            _ athena: FakeAthena, _ directory: String, restart: Bool = false, keeps: Bool = false
        ) -> InProcessExport {
            var run = InProcessExport(athena, in: directory, source: .unload)
            run.ranges = RangeSizes(bytes: 700, inFlight: 4)
            run.change = {
                $0.unloadTarget = S3Prefix(UnloadSetup.target)
                $0.restart = restart
                $0.keepsUnloaded = keeps
            }
            return run
        }

        @Test(arguments: [false, true])
        func `objects of a failed start are removed with those of the start after it, unless they are kept`(keeps: Bool)
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3([])
                try await run(athena(s3, retryable: true), directory, keeps: keeps).run()
                #expect(s3.objects(below: UnloadSetup.target).count == (keeps ? 6 : 0))
            }
        }

        @Test func `a run that ends at any call to S3 is completed, and then nothing is left of both of its starts`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let whole = FakeS3([])
                let undisturbed = run(athena(whole, retryable: true), directory)
                try await undisturbed.run()
                // The list of the objects, each object, their removal, and the listing and removal of the first start's.
                #expect(whole.calls.count >= 15)
                for number in stride(from: 1, through: whole.calls.count, by: 3) {
                    let isDown = FaultSwitch()
                    let s3 = FakeS3([]) {
                        $0.number >= number && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
                    }
                    let export = run(athena(s3, retryable: true), "\(directory)/\(number)")
                    _ = try? await export.run()
                    isDown.turnOff()
                    try await export.run()
                    #expect(export.files == undisturbed.files, "call \(number)")
                    #expect(s3.objects(below: UnloadSetup.target).isEmpty, "call \(number)")
                }
            }
        }

        @Test(arguments: [false, true])
        func `a failed query says what it has left, and only the run that restarts it removes that`(restart: Bool)
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3([])
                let athena = athena(s3, retryable: false)
                let failing = run(athena, directory)
                await #expect(throws: AthenaExportError.self) { try await failing.run() }
                let left = s3.objects(below: UnloadSetup.target)
                #expect(left.count == 3)
                #expect(failing.log.text.contains("has left 3 objects below \(UnloadSetup.target)customers/nightly/1-"))
                try await run(athena, directory, restart: restart).run()
                #expect(s3.objects(below: UnloadSetup.target) == (restart ? [] : left))
            }
        }

        @Test func `a place in the state that is not the target of a start is not emptied`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3([])
                let athena = athena(s3, retryable: false)
                await #expect(throws: AthenaExportError.self) { try await run(athena, directory).run() }
                let foreign = "\(UnloadSetup.target)orders/part"
                s3.put([1], at: foreign)
                let path = "\(directory)/customers/state.json"
                let state = try String(contentsOfFile: path, encoding: .utf8)
                let changed = state.replacing(
                    #""start": 1"#, with: #""left": ["\#(UnloadSetup.target)orders/"], "start": 1"#)
                try #require(changed != state)
                try changed.write(toFile: path, atomically: true, encoding: .utf8)
                try await run(athena, directory, restart: true).run()
                #expect(s3.objects(below: UnloadSetup.target).contains(foreign))
            }
        }

        @Test func `a failed query that has left nothing says nothing of it`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3([])
                var result = FakeResult.hard
                result.states = ["FAILED"]
                let fake = FakeUnload(.hard, s3: s3)
                let athena = FakeAthena(
                    result: result, s3: s3,
                    evaluate: { [result] request in
                        let statement = try request.member("QueryString").string()
                        guard statement.hasPrefix("UNLOAD") else { return try await fake.evaluate(statement) }
                        return result
                    })
                let failing = run(athena, directory)
                await #expect(throws: AthenaExportError.self) { try await failing.run() }
                #expect(s3.calls.map(\.operation) == ["ListObjectsV2"])
                #expect(!failing.log.text.contains("has left"))
            }
        }

        @Test func `objects of a run that is given up are removed once the rows of the run in its place are durable`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let isDown = FaultSwitch()
                let seen = Locked(0)
                let s3 = Locked<FakeS3?>(nil)
                var setup = UnloadSetup(.hard, in: directory) { _ in
                } s3Script: { call in
                    if call.operation == "DeleteObject" {
                        seen.withLock {
                            $0 = max($0, s3.withLock { $0 }?.objects(below: UnloadSetup.target).count ?? 0)
                        }
                    }
                    return call.number >= 6 && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
                }
                s3.withLock { [fake = setup.s3] in $0 = fake }
                await #expect(throws: (any Error).self) { try await setup.run.run() }
                #expect(setup.objects.count == 3)
                // The new run is interrupted too, and what it must remove is in its state.
                setup.run.change = {
                    $0.unloadTarget = S3Prefix(UnloadSetup.target)
                    $0.restart = true
                }
                await #expect(throws: (any Error).self) { try await setup.run.run() }
                #expect(setup.objects.count == 6)
                isDown.turnOff()
                setup.run.change = { $0.unloadTarget = S3Prefix(UnloadSetup.target) }
                try await setup.run.run()
                #expect(seen.withLock { $0 } == 6)
                #expect(setup.objects.isEmpty)
                #expect(setup.unloads.count == 2)
            }
        }

        @Test func `a run that takes the query of the run that it gives up reads its objects`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let isDown = FaultSwitch()
                var setup = UnloadSetup(.hard, in: directory) { _ in
                } s3Script: {
                    $0.number >= 6 && isDown.isOn ? .s3Error("AccessDenied", status: 403) : nil
                }
                await #expect(throws: (any Error).self) { try await setup.run.run() }
                isDown.turnOff()
                let id = setup.athena.startedExecutions[1]
                setup.run.change = {
                    $0.query = .attach(id)
                    $0.restart = true
                }
                try await setup.run.run()
                let expected = try await setup.reference(.hard)
                #expect(setup.run.files == expected)
                #expect(setup.unloads.count == 1)
            }
        }

        @Test func `objects below the target that the list does not name stay and are told`() async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                // Another start with the same token writes as well.
                let stray = Locked<String?>(nil)
                let s3 = FakeS3([])
                let fake = FakeUnload(.hard, s3: s3)
                let athena = FakeAthena(
                    result: .hard, s3: s3,
                    evaluate: { request in
                        let evaluated = try await fake.evaluate(try request.member("QueryString").string())
                        if let object = s3.objects(below: UnloadSetup.target).first {
                            s3.put([1], at: object + ".other")
                            stray.withLock { $0 = object + ".other" }
                        }
                        return evaluated
                    })
                let export = run(athena, directory)
                try await export.run()
                let left = try #require(stray.withLock { $0 })
                #expect(s3.objects(below: UnloadSetup.target) == [left])
                #expect(export.log.text.contains("the query's list does not name 1 object below"))
            }
        }

        @Test func `the target of a start can be told by its token alone`() {
            let unload = SentQuery.Unload.first(below: "s3://b/p/", table: "t", runID: "r", token: "abcdefghij")
            #expect(unload.target == "s3://b/p/t/r/1-abcdefgh/")
            #expect(unload.isTarget(of: "abcdefghij"))
            for token in ["abcdefgi", "", "bcdefgh"] { #expect(!unload.isTarget(of: token)) }
        }

        @Test func `objects that the run after theirs cannot remove either are told before they are forgotten`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let s3 = FakeS3([]) { $0.operation == "DeleteObject" ? .s3Error("AccessDenied", status: 403) : nil }
                let athena = athena(s3, retryable: true)
                try await run(athena, directory).run()
                var second = run(athena, directory)
                second.runID = "second"
                try await second.run()
                let text = second.log.text
                #expect(text.contains("what run nightly has unloaded could not be removed and stays below"))
                #expect(text.contains("\(UnloadSetup.target)customers/nightly/2-"))
                #expect(text.contains("\(UnloadSetup.target)customers/nightly/1-"))
            }
        }

        @Test func `objects that were removed or are to stay are not told again`() async throws {
            for keeps in [false, true] {
                try await TestMachine.withTemporaryDirectory { directory in
                    let athena = athena(FakeS3([]), retryable: true)
                    try await run(athena, directory, keeps: keeps).run()
                    var second = run(athena, directory, keeps: keeps)
                    second.runID = "second"
                    try await second.run()
                    #expect(!second.log.text.contains("stays below"))
                }
            }
        }

        @Test func `a query whose own run has removed its objects leads to the statement, which is then exported`()
            async throws
        {
            try await TestMachine.withTemporaryDirectory { directory in
                let setup = UnloadSetup(.hard, in: directory)
                try await setup.run.run()
                var again = InProcessExport(setup.athena, in: "\(directory)/again", source: .unload)
                let id = setup.athena.startedExecutions[1]
                again.change = { $0.query = .attach(id) }
                for _ in 1...2 {
                    let error = try await again.fails(with: AthenaExportError.self)
                    guard case .unload(.objectRemoved(_, id, hasRowsInFiles: false)) = error else { throw error }
                    let text = "\(error)"
                    #expect(text.contains("--keep-unload") && text.contains("instead of --query-execution-id"))
                    #expect(!text.contains("--restart"))
                }
                #expect(setup.unloads.count == 1)
                again.change = { $0.unloadTarget = S3Prefix(UnloadSetup.target) }
                try await again.run()
                #expect(again.files == setup.run.files)
            }
        }
    }
}
