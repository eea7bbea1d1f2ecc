import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file system of its own in a file. A copy of the file has what had reached the disk, as after a power cut.
///
/// ext4 with a journal that is written once in five minutes, and without its heuristics for programs that do not flush,
/// so that only flushed data is there.
struct PowerCutDisk: Sendable {
    let image: String
    let directory: String

    static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("athena-export-loop-\(getpid())")
        try? FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "cd '\(scratch.path)' && truncate -s 8M i && mkfs.ext4 -q i && mkdir m && mount -o \(options) i m && umount m",
        ]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    private static let options = "loop,commit=300,noauto_da_alloc"

    /// An empty disk that is mounted while the body runs.
    static func with(_ name: String, in scratch: String, _ body: (PowerCutDisk) async throws -> Void) async throws {
        let disk = PowerCutDisk(image: "\(scratch)/\(name).img", directory: "\(scratch)/\(name)")
        try await shell("truncate -s 8M '\(disk.image)' && mkfs.ext4 -q '\(disk.image)'")
        try await disk.whileMounted { try await body(disk) }
    }

    /// The disk as it is after a power cut at this moment, mounted while the body runs.
    func afterPowerCut(_ body: (PowerCutDisk) async throws -> Void) async throws {
        let copy = PowerCutDisk(image: "\(image).cut", directory: "\(directory).cut")
        try await Self.shell("cp --sparse=always '\(image)' '\(copy.image)'")
        try await copy.whileMounted { try await body(copy) }
    }

    private func whileMounted(_ body: () async throws -> Void) async throws {
        try await Self.shell("mkdir -p '\(directory)' && mount -o \(Self.options) '\(image)' '\(directory)'")
        do {
            try await body()
        } catch {
            try await unmount()
            throw error
        }
        try await unmount()
    }

    private func unmount() async throws {
        try await Self.shell("umount -l '\(directory)' && rm '\(image)'")
    }

    private static func shell(_ command: String) async throws {
        let outcome = try await Executable.run(
            "/bin/sh", ["-c", command], environment: ProcessInfo.processInfo.environment)
        try #require(outcome.status == 0, "\(command): \(outcome.errors)")
    }
}

@Suite(
    .limitedConcurrency, .enabled(if: PowerCutDisk.isPossible, "needs root and a loop device with ext4"),
    .enabled(if: FaultShim.path != nil, FaultShim.needs))
struct `Power cuts` {
    @Test(
        arguments: [(.api, .twenty), (.s3, .twenty), (.s3, .one)]
            as [(FaultInjectionJob.Source, FaultInjectionJob.BatchRows)])
    func `power cut before any call that touches a file leaves a manifest that is right, and the run completes`(
        _ source: FaultInjectionJob.Source, _ batchRows: FaultInjectionJob.BatchRows
    ) async throws {
        try await FaultInjectionJob.prepared("csv", from: source, batchRows: batchRows) { job in
            try await job.forEachPoint { point in
                try await PowerCutDisk.with("\(point)", in: job.scratch) { disk in
                    let killed = try await job.run(
                        "\(disk.directory)/export", FileFault(action: .kill, point: point))
                    #expect(killed.status == nil, "point \(point) was not reached")
                    try await disk.afterPowerCut { disk in
                        let output = "\(disk.directory)/export"
                        try await job.expectManifestHolds(output, "point \(point)")
                        // The first promise is the token in state.json; after a cut before it, the run may be
                        // forgotten.
                        let comment: Comment = "point \(point) (\(job.points[point - 1]))"
                        try job.expectComplete(output, try await job.run(output), comment)
                    }
                }
            }
        }
    }

    @Test func `power cut after a run that reports success leaves all of its files`() async throws {
        try await FaultInjectionJob.prepared("ndjson") { job in
            try await PowerCutDisk.with("whole", in: job.scratch) { disk in
                let whole = try await job.run("\(disk.directory)/export")
                try await disk.afterPowerCut { disk in
                    try job.expectComplete("\(disk.directory)/export", whole, "after the cut")
                }
            }
        }
    }

    @Test func `power cut loses what was not flushed, or these tests would show nothing`() async throws {
        try await TestMachine.withTemporaryDirectory { scratch in
            try await PowerCutDisk.with("control", in: scratch) { disk in
                try Data("renamed and not flushed".utf8).write(to: URL(fileURLWithPath: "\(disk.directory)/a"))
                try FileManager.default.moveItem(atPath: "\(disk.directory)/a", toPath: "\(disk.directory)/b")
                try await disk.afterPowerCut { disk in
                    #expect(FileManager.default.contents(atPath: "\(disk.directory)/b") == nil)
                }
            }
        }
    }
}
