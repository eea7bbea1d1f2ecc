import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency, .enabled(if: FaultShim.path != nil, FaultShim.needs)) struct `Faults of the disk` {
    /// An error at one call: the run reports it, unless it did not matter; the next run completes.
    private static func expectRecovery(
        _ job: FaultInjectionJob, _ fault: FileFault, mayPass: Bool = true
    ) async throws {
        let output = job.output("\(fault.action)-\(fault.point)-\(fault.every ?? 0)")
        let comment: Comment = "\(fault) (\(job.points[fault.point - 1]))"
        let failed = try await job.run(output, fault)
        switch failed.status {
        case 0?:
            #expect(mayPass && job.points[fault.point - 1] != "fsync", comment)
            try job.expectComplete(output, failed, comment)
        case 73?, 74?:
            let lines = failed.errors.split(separator: "\n").filter { $0.hasPrefix("athena-export: error:") }
            #expect(lines.count == 1 && lines[0].contains("cannot ") && lines[0].contains(output), comment)
            let couldCleanUp = fault.every == nil && job.points[fault.point - 1] != "unlink"
            #expect(!couldCleanUp || job.leftovers(output).isEmpty, comment)
        default: Issue.record("\(comment): status \(String(describing: failed.status)): \(failed.errors)")
        }
        try await job.expectManifestHolds(output, comment)
        try job.expectComplete(output, try await job.run(output), comment)
    }

    @Test(
        arguments: [(.EIO, "csv"), (.ENOSPC, "ndjson")] as [(POSIXErrorCode, String)], FaultInjectionJob.Source.allCases
    )
    func `an error at any one call ends the run with 73 or 74, and the next run completes it`(
        _ fault: (error: POSIXErrorCode, format: String), _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared(fault.format, from: source) { job in
            try await job.forEachPoint { point in
                try await Self.expectRecovery(job, FileFault(action: .error(fault.error), point: point))
            }
        }
    }

    @Test(arguments: zip([POSIXErrorCode.ENOSPC, .EIO], FaultInjectionJob.Source.allCases))
    func `an error at any one call of a run that adds columns ends the run, and the next run completes it`(
        _ error: POSIXErrorCode, _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared("csv", from: source, addsColumns: true) { job in
            try await job.forEachPoint { point in
                try await Self.expectRecovery(job, FileFault(action: .error(error), point: point))
            }
        }
    }

    @Test(arguments: zip([POSIXErrorCode.EIO, .ENOSPC], FaultInjectionJob.Source.allCases))
    func `an error at any one call while batches are in the log alone ends the run, and the next run completes it`(
        _ error: POSIXErrorCode, _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared("csv", from: source, batchRows: .one) { job in
            try await job.forEachPoint { point in
                try await Self.expectRecovery(job, FileFault(action: .error(error), point: point))
            }
        }
    }

    @Test(arguments: FaultInjectionJob.Source.allCases)
    func `a disk that stays broken from any call on ends the run with 73 or 74, and the next run completes it`(
        _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared("csv", from: source) { job in
            try await job.forEachPoint { point in
                // Behind the last flush, nothing can be lost.
                let isBehind = !job.points[(point - 1)...].contains("fsync")
                try await Self.expectRecovery(
                    job, FileFault(action: .error(.EIO), point: point, every: 1), mayPass: isBehind)
            }
        }
    }

    @Test(
        arguments: [
            (.EDQUOT, "create"), (.ENFILE, "create"), (.EMFILE, "open"), (.EFBIG, "write"), (.EROFS, "create"),
            (.EDQUOT, "write"), (.ENOSPC, "mkdir"), (.ENOSPC, "link"), (.EACCES, "mkdir"), (.ENOSPC, "rename"),
        ] as [(POSIXErrorCode, String)])
    func `an error that only some calls have names the path, and the next run completes`(
        _ error: POSIXErrorCode, _ call: String
    ) async throws {
        try await FaultInjectionJob.prepared("csv") { job in
            let points = job.points.indices.filter { job.points[$0] == call }.map { $0 + 1 }
            for point in [points.first, points.last].compactMap({ $0 }) {
                try await Self.expectRecovery(job, FileFault(action: .error(error), point: point))
            }
        }
    }

    @Test(arguments: FaultInjectionJob.Source.allCases)
    func `reads and writes of half the length at every call change nothing`(_ source: FaultInjectionJob.Source)
        async throws
    {
        try await FaultInjectionJob.prepared("csv", from: source) { job in
            let output = job.output("short")
            let fault = FileFault(action: .short, point: 1, every: 1)
            try job.expectComplete(output, try await job.run(output, fault), "every write")
            // Killed in the middle, so that the second run has something to read.
            let resumed = job.output("resumed")
            _ = try await job.run(resumed, FileFault(action: .kill, point: job.points.count / 2))
            try job.expectComplete(resumed, try await job.run(resumed, fault), "every read")
        }
    }

    @Test(arguments: [1, 2], FaultInjectionJob.Source.allCases)
    func `a call that a signal interrupts is made again`(_ first: Int, _ source: FaultInjectionJob.Source) async throws
    {
        try await FaultInjectionJob.prepared("csv", from: source) { job in
            let output = job.output("interrupted")
            let fault = FileFault(action: .error(.EINTR), point: first, every: 2)
            try job.expectComplete(output, try await job.run(output, fault), "every second call from \(first)")
        }
    }

    @Test(.disabled(if: TestMachine.isSanitized, "a sanitizer ends under a limit on the size of files"))
    func `a full disk is reported with its path, and the next run only needs room`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            // A limit on the size of files instead of a mount, which needs privileges: the write that would pass it
            // fails with EFBIG.
            var result = FakeResult.customers(3000)
            result.row = { number in FakeResult.customer(number).dropLast() + [String(number &* 2_654_435_761)] }
            let athena = FakeAthena(result: result, isSigned: isSigned)
            try await athena.serve { url in
                let options = ["--endpoint-url", url, "--output", directory]
                let limited = try await Executable.run(
                    "/bin/sh", ["-c", "ulimit -f 8; exec \"$@\"", "sh", Executable.path] + options,
                    environment: Executable.environment())
                #expect(limited.status == 74, "\(limited.errors)")
                #expect(limited.errors.contains("\(directory)/customers/.work/"), "\(limited.errors)")
                let left = TestMachine.files(below: "\(directory)/customers/.work").keys.filter { $0 != "lock" }
                #expect(left.isEmpty)
                let again = try await Executable.run(options)
                #expect(again.status == 0, "\(again.errors)")
            }
            #expect(athena.executionIDs.count == 1)
            #expect(try await ExportedTable("\(directory)/customers").contents().count == 1)
        }
    }
}
