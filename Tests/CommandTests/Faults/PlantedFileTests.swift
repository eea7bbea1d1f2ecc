import Foundation
import JSON
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency) struct `Files of a run` {
    /// Runs below a umask, which a test process cannot change for itself alone.
    private func run(umask: String, _ arguments: [String], in directory: String) async throws -> Executable.Outcome {
        try await Executable.run(
            "/bin/sh", ["-c", #"umask "$0"; exec "$@""#, umask, Executable.path] + arguments,
            environment: Executable.environment(), directory: directory)
    }

    @Test(arguments: [("000", 0o666), ("022", 0o644), ("077", 0o600)])
    func `files have the permissions that the umask leaves, and state and recordings are for their owner alone`(
        _ umask: String, _ wide: Int
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await FakeAthena(result: .customers(50)).serve { url in
                try await run(
                    umask: umask,
                    ["--endpoint-url", url, "--batch-rows", "20", "--output", "export", "--record", "recorded"],
                    in: directory)
            }
            try #require(outcome.status == 0, "\(outcome.errors)")
            let names = TestMachine.files(below: directory).keys.sorted()
            #expect(names.count { $0.hasSuffix(".csv.gz") } == 3 && names.count { $0.hasPrefix("recorded/") } >= 4)
            for name in names {
                let mode = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")[.posixPermissions]
                let isOwn = name.hasPrefix("recorded/") || name.hasSuffix("state.json") || name.hasSuffix("lock")
                #expect(mode as? Int == (isOwn ? 0o600 : wide), "\(name)")
            }
        }
    }

    /// Every name to which a run writes, and whether the run succeeds if the name is taken: a batch gets another
    /// number.
    private static let names: [(name: String, passes: Bool)] = [
        (".work/customers-000001.csv.gz.tmp", true), (".work/manifest.json.tmp", true), (".work/state.json.tmp", true),
        (".work/lock", false), (".work", false), ("data", false), ("data/batch=000001", true),
        ("data/batch=000001/customers-000001.csv.gz", true), ("manifest.json", false), ("state.json", false),
    ]

    @Test(arguments: names.indices, [true, false])
    func `files are never written through a link that was planted in their place`(_ index: Int, _ isFile: Bool)
        async throws
    {
        let (name, passes) = Self.names[index]
        try await TestMachine.withTemporaryDirectory { directory in
            let victim = "\(directory)/victim"
            if isFile {
                try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
            } else {
                try FileManager.default.createDirectory(atPath: victim, withIntermediateDirectories: false)
            }
            let link = "\(directory)/export/customers/\(name)"
            try FileManager.default.createDirectory(
                atPath: (link as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: victim)
            let outcome = try await CommandTests.run(["--replay", customers], in: directory)
            #expect(outcome.status == 0 ? passes : [65, 73].contains(outcome.status), "\(outcome.errors)")
            if outcome.status != 0 { expectError(outcome, outcome.status ?? 0, ["export/customers/"]) }
            if isFile {
                #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("precious".utf8))
            } else {
                #expect(try FileManager.default.contentsOfDirectory(atPath: victim).isEmpty)
            }
        }
    }

    @Test func `files may lie where a link to the table's directory leads`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            for path in ["disk", "export"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(path)", withIntermediateDirectories: false)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/export/customers", withDestinationPath: "../disk")
            let outcome = try await CommandTests.run(["--replay", customers], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/disk/manifest.json"))
        }
    }

    @Test(arguments: ["StartQueryExecution-1.json", ".recording.json", ".recording.json.tmp"])
    func `files of a recording are never written through a link that was planted in their place`(_ name: String)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let victim = "\(directory)/victim"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
            try FileManager.default.createDirectory(atPath: "\(directory)/r", withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(atPath: "\(directory)/r/\(name)", withDestinationPath: victim)
            let outcome = try await FakeAthena(result: .customers(5)).serve { url in
                try await CommandTests.run(["--endpoint-url", url, "--record", "r"], in: directory)
            }
            expectError(outcome, 73, ["r is not empty"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("precious".utf8))
        }
    }
}

/// Other things in the place of a file.
private enum Impostor: String, CaseIterable, Sendable {
    case directory, pipe, unixSocket, device, loop, dangling, huge

    /// Makes it at a path, replacing what is there.
    func make(at path: String) throws {
        unlink(path)
        switch self {
        case .directory: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case .pipe: try #require(mkfifo(path, 0o600) == 0)
        case .unixSocket: try makeSocket(path)
        case .device: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        case .loop: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
        case .dangling: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nonexistent")
        case .huge:
            try Data().write(to: URL(fileURLWithPath: path))
            try #require(truncate(path, 1 << 40) == 0)
        }
    }

    private func makeSocket(_ path: String) throws {
        // An address holds a short path only, so the socket is made in its directory.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        try #require(name.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}

@Suite(.limitedConcurrency) struct `Other things in the place of files` {
    /// A pipe is an input like a file, and waits for its writer.
    @Test(arguments: Impostor.allCases.filter { $0 != .pipe })
    private func `an input that is no file is refused by its name`(
        _ impostor: Impostor
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let path = "\(directory)/f"
            try impostor.make(at: path)
            for option in ["--config", "--query-file"] {
                let status: Int32 = impostor == .huge ? 78 : 66
                expectError(try await run([option, path], in: directory), status, [path])
            }
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/export"))
        }
    }

    @Test(arguments: ["state.json", "manifest.json"], Impostor.allCases.filter { $0 != .dangling })
    private func `a state or manifest that is no file is refused by its name, and nothing changes`(
        _ name: String, _ impostor: Impostor
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let first = try await run(["--replay", customers], in: directory)
            #expect(first.status == 0)
            let path = "\(directory)/export/customers/\(name)"
            try impostor.make(at: path)
            let before = TestMachine.files(below: "\(directory)/export/customers/data")
            // A merge needs no state.
            let readers = (["status", "verify"] + (name == "manifest.json" ? ["merge"] : [])).map {
                [$0, "export/customers"]
            }
            for arguments in [["--replay", customers]] + readers {
                expectError(try await run(arguments, in: directory), 65, ["export/customers/\(name)"])
            }
            #expect(TestMachine.files(below: "\(directory)/export/customers/data") == before)
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root, to run as another user"))
    func `a file that may not be read is refused by its name`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let path = "\(directory)/configuration.json"
            try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
            #expect(chmod(path, 0o600) == 0 && chmod(directory, 0o755) == 0)
            let outcome = try await Executable.run(
                "/usr/bin/env", ["setpriv", "--reuid=65534", "--clear-groups", Executable.path, "--config", path],
                environment: Executable.environment(), directory: directory)
            expectError(outcome, 66, [path, "Permission denied"])
        }
    }
}
