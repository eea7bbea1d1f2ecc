import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency, .enabled(if: FaultShim.path != nil, FaultShim.needs))
struct `Faults while changes are written` {
    /// A night of changes and deletes, or one whose result has no rows.
    struct Night: CustomTestStringConvertible {
        let batchRows: FaultInjectionJob.BatchRows
        let source: FaultInjectionJob.Source
        var format = "csv"

        var testDescription: String { "\(batchRows) by \(source), \(format)" }

        static let all = [
            Night(batchRows: .changes, source: .api), Night(batchRows: .changes, source: .s3, format: "ndjson"),
            Night(batchRows: .deletes, source: .api, format: "ndjson"), Night(batchRows: .deletes, source: .s3),
        ]

        func forEachPoint(_ body: @escaping @Sendable (FaultInjectionJob, Int) async throws -> Void) async throws {
            try await FaultInjectionJob.prepared(format, from: source, batchRows: batchRows) { job in
                try await job.forEachPoint { point in try await body(job, point) }
            }
        }
    }

    @Test(arguments: Night.all)
    func `SIGKILL before any call leaves what the same command completes to the same batches and deletes`(
        _ night: Night
    ) async throws {
        try await night.forEachPoint { job, point in
            let output = job.output(point)
            let killed = try await job.run(output, FileFault(action: .kill, point: point))
            #expect(killed.status == nil, "point \(point) was not reached")
            try await job.expectManifestHolds(output, "point \(point)")
            try job.expectComplete(output, try await job.run(output), "point \(point)")
        }
    }

    @Test(arguments: Night.all)
    func `killed twice, and with the index lost in between, a run completes to the same batches and deletes`(
        _ night: Night
    ) async throws {
        try await night.forEachPoint { job, point in
            let output = job.output(point)
            for second in [point, 1 + point * 7 % job.points.count] {
                let killed = try await job.run(output, FileFault(action: .kill, point: second))
                #expect(killed.status == nil || killed.status == 0, "point \(point)")
                if point % 2 == 0 { try? FileManager.default.removeItem(atPath: "\(output)/customers/.index") }
                try await job.expectManifestHolds(output, "point \(point)")
            }
            try job.expectComplete(output, try await job.run(output), kills: 2, "point \(point)")
        }
    }

    @Test(arguments: zip([POSIXErrorCode.EIO, .ENOSPC, .ENOSPC, .EIO], Night.all))
    func `an error at any one call ends the run with 73 or 74, or loses the index alone`(
        _ error: POSIXErrorCode, _ night: Night
    ) async throws {
        try await night.forEachPoint { job, point in
            let output = job.output(point)
            let failed = try await job.run(output, FileFault(action: .error(error), point: point))
            let comment: Comment = "point \(point) (\(job.points[point - 1])): \(failed.errors)"
            if failed.status == 0 {
                try job.expectComplete(output, failed, comment)
            } else {
                #expect([73, 74].contains(failed.status), comment)
            }
            try await job.expectManifestHolds(output, comment)
            try job.expectComplete(output, try await job.run(output), comment)
        }
    }

    @Test(
        .enabled(if: PowerCutDisk.isPossible, "needs root and a loop device with ext4"),
        arguments: [FaultInjectionJob.BatchRows.changes, .deletes])
    func `power cut before any call leaves a manifest that is right, and the run completes`(
        _ batchRows: FaultInjectionJob.BatchRows
    ) async throws {
        try await Night(batchRows: batchRows, source: .s3).forEachPoint { job, point in
            try await PowerCutDisk.with("\(point)", in: job.scratch) { disk in
                try job.begin("\(disk.directory)/export")
                // The cut must not lose what the night before has left.
                sync()
                let killed = try await job.run("\(disk.directory)/export", FileFault(action: .kill, point: point))
                #expect(killed.status == nil, "point \(point) was not reached")
                try await disk.afterPowerCut { disk in
                    let output = "\(disk.directory)/export"
                    try await job.expectManifestHolds(output, "point \(point)")
                    try job.expectComplete(output, try await job.run(output), "point \(point)")
                }
            }
        }
    }
}
