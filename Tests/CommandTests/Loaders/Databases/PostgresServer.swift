import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A PostgreSQL server for the tests, on a socket in a temporary directory.
struct PostgresServer: Sendable {
    /// The directory of the socket.
    let directory: String

    @TaskLocal static var current: PostgresServer?

    /// The directory of the server's programs.
    static let programs: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return versions.compactMap { Int($0) }.filter { $0 >= 15 }.max().map { "/usr/lib/postgresql/\($0)/bin" }
    }()

    var environment: [String: String] { ["PGHOST": directory, "PGUSER": "postgres", "PGOPTIONS": ""] }

    /// Serves while the body runs.
    static func serve(_ body: @Sendable (PostgresServer) async throws -> Void) async throws {
        let programs = try #require(programs)
        try await TestMachine.withTemporaryDirectory { directory in
            let server = PostgresServer(directory: directory)
            // PostgreSQL refuses to run as root.
            let user = getpwnam("postgres") ?? getpwnam("nobody")
            var prefix: [String] = []
            if geteuid() == 0, let user {
                chown(directory, user.pointee.pw_uid, user.pointee.pw_gid)
                prefix = [
                    "setpriv", "--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)", "--clear-groups",
                ]
            }
            let made = try await Executable.run(
                "/usr/bin/env",
                prefix + [
                    "\(programs)/initdb", "-D", "\(directory)/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                    "--locale=C", "--no-sync",
                ], environment: Executable.environment(), directory: "/")
            guard made.status == 0 else { throw LoaderFailure(made) }
            let process = RunningProcess()
            let command =
                prefix + [
                    "\(programs)/postgres", "-D", "\(directory)/data", "-k", directory, "-c", "listen_addresses=", "-c",
                    "fsync=off", "-c", "autovacuum=off",
                ]
            async let ended = Executable.run(
                "/usr/bin/env", command, environment: Executable.environment(), directory: "/",
                onStart: process.started)
            do {
                try await server.waitUntilReady()
                try await body(server)
            } catch {
                process.send(SIGQUIT)
                _ = try await ended
                throw error
            }
            process.send(SIGINT)
            _ = try await ended
        }
    }

    private func waitUntilReady() async throws {
        for _ in 0..<600 {
            if try await psql(["-d", "postgres", "-c", "select 1"]).status == 0 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CocoaError(.fileReadUnknown)
    }

    func psql(_ arguments: [String], environment: [String: String] = [:]) async throws -> Executable.Outcome {
        // Debian's own psql is a Perl script, which takes longer to start than most statements to run.
        try await Executable.run(
            "\(try #require(Self.programs))/psql", ["-X"] + arguments,
            environment: Executable.environment(self.environment.merging(environment) { $1 }))
    }

    /// An empty database.
    func target() async throws -> PostgresTarget {
        let name = "test_\(UUID().uuidString.lowercased().prefix(8))"
        let made = try await psql(["-d", "postgres", "-c", "create database \(name)"])
        guard made.status == 0 else { throw LoaderFailure(made) }
        return PostgresTarget(server: self, database: name)
    }
}

struct PostgresTarget: LoaderTarget {
    let kind = "postgres"
    let server: PostgresServer
    let database: String

    func run(_ script: String, environment: [String: String]) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(directory)/load.sql"))
            return try await server.psql(
                ["-d", database, "-f", "\(directory)/load.sql"], environment: environment)
        }
    }

    func query(_ sql: String) async throws -> [String] {
        let outcome = try await server.psql(["-d", database, "-v", "ON_ERROR_STOP=1", "-Atc", sql])
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    func jsonArray(_ expressions: [String]) -> String { "json_build_array(\(expressions.joined(separator: ", ")))" }

    func text(of column: GoldenTable.Column, _ name: String) -> String {
        switch column.kind {
        case .timestamp: "to_char(\(name), 'YYYY-MM-DD HH24:MI:SS.MS')"
        case .zoned: "to_char(\(name) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')"
        case .binary: "encode(\(name), 'hex')"
        default: "\(name)::text"
        }
    }

    func expectation(of column: GoldenTable.Column, _ value: String) -> String {
        switch column.kind {
        case .zoned: instant(value)
        case .binary: hexadecimal(value)
        default: value
        }
    }
}
