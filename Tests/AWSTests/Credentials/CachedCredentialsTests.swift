import AWS
import Clock
import InMemoryLogging
import Logging
import Synchronization
import Testing
import TestSupport

@Suite struct `Kept credentials` {
    private let time = FakeTime()
    private let log = InMemoryLogHandler(level: .trace)

    private func credentials(_ id: String, minutes: Int?) -> Credentials {
        Credentials(
            accessKeyID: id, secretAccessKey: "secret",
            expiration: minutes.map { time.now.advanced(by: .seconds($0 * 60)) })
    }

    private func cache(_ provider: ScriptedProvider) -> CachedCredentials {
        CachedCredentials(provider, runtime: time.runtime, logger: log.logger)
    }

    private struct Broken: Error {}

    @Test func `credentials without expiration are fetched once`() async throws {
        let provider = ScriptedProvider(credentials("A", minutes: nil))
        let cache = cache(provider)
        for _ in 0..<3 { #expect(try await cache.credentials().accessKeyID == "A") }
        #expect(provider.calls == 1)
    }

    @Test func `credentials are renewed from 15 minutes before they expire`() async throws {
        let provider = ScriptedProvider(credentials("A", minutes: 60), credentials("B", minutes: 120))
        let cache = cache(provider)
        #expect(try await cache.credentials().accessKeyID == "A")
        time.advance(by: .seconds(44 * 60))
        #expect(try await cache.credentials().accessKeyID == "A")
        time.advance(by: .seconds(60))
        #expect(try await cache.credentials().accessKeyID == "B")
    }

    @Test func `credentials serve on while an early renewal fails, but not in their last 10 minutes`() async throws {
        let first = credentials("A", minutes: 60)
        let provider = ScriptedProvider([{ first }, { throw Broken() }])
        let cache = cache(provider)
        _ = try await cache.credentials()
        time.advance(by: .seconds(46 * 60))
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(log.warnings.count == 1)
        time.advance(by: .seconds(5 * 60))
        await #expect(throws: Broken.self) { try await cache.credentials() }
    }

    @Test func `credentials are renewed in time although an early renewal brought expired ones`() async throws {
        let first = credentials("A", minutes: 60)
        let stale = credentials("B", minutes: -5)
        let last = credentials("C", minutes: 120)
        let provider = ScriptedProvider([{ first }, { stale }, { last }])
        let cache = cache(provider)
        _ = try await cache.credentials()
        time.advance(by: .seconds(46 * 60))
        #expect(try await cache.credentials().accessKeyID == "A")
        time.advance(by: .seconds(5 * 60))
        #expect(try await cache.credentials().accessKeyID == "C")
    }

    @Test func `an early renewal is tried once a minute, not for every request`() async throws {
        let first = credentials("A", minutes: 60)
        let provider = ScriptedProvider([{ first }, { throw Broken() }])
        let cache = cache(provider)
        _ = try await cache.credentials()
        time.advance(by: .seconds(46 * 60))
        for _ in 0..<5 { _ = try await cache.credentials() }
        #expect(provider.calls == 2)
        time.advance(by: .seconds(61))
        for _ in 0..<5 { _ = try await cache.credentials() }
        #expect(provider.calls == 3 && log.warnings.count == 2)
    }

    @Test func `credentials that live for a quarter of an hour are not renewed for every request`() async throws {
        let provider = ScriptedProvider(credentials("A", minutes: 15), credentials("B", minutes: 30))
        let cache = cache(provider)
        for _ in 0..<7 {
            #expect(try await cache.credentials().accessKeyID == "A")
            time.advance(by: .seconds(60))
        }
        #expect(provider.calls == 1)
        time.advance(by: .seconds(60))
        #expect(try await cache.credentials().accessKeyID == "B")
    }

    @Test func `credentials that have expired already are an error`() async {
        let cache = cache(ScriptedProvider(credentials("A", minutes: -1)))
        await #expect(throws: AWSError.expiredCredentials(provider: "scripted")) { try await cache.credentials() }
    }

    @Test func `credentials are fetched again once the service refuses them, and only if they are the ones it refused`()
        async throws
    {
        let old = credentials("A", minutes: nil)
        let provider = ScriptedProvider(old, credentials("B", minutes: nil), credentials("C", minutes: nil))
        let cache = cache(provider)
        _ = try await cache.credentials()
        await cache.invalidate(old)
        #expect(try await cache.credentials().accessKeyID == "B")
        await cache.invalidate(old)
        #expect(try await cache.credentials().accessKeyID == "B")
    }

    @Test func `credentials are renewed by one task however many ask`() async throws {
        let gate = Gate()
        let fresh = credentials("A", minutes: nil)
        let provider = ScriptedProvider([
            {
                await gate.wait()
                return fresh
            }
        ])
        let cache = cache(provider)
        try await withThrowingTaskGroup(of: Credentials.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.credentials() } }
            await gate.open()
            for try await credentials in group { #expect(credentials == fresh) }
        }
        #expect(provider.calls == 1)
    }

    @Test func `a renewal reaches all callers although the first of them gave up`() async throws {
        let gate = Gate()
        let fresh = credentials("A", minutes: nil)
        let provider = ScriptedProvider([
            {
                await gate.wait()
                try Task.checkCancellation()
                return fresh
            }
        ])
        let cache = cache(provider)
        let first = Task { try await cache.credentials() }
        await gate.untilWaitedFor()
        let second = Task { try await cache.credentials() }
        first.cancel()
        await gate.open()
        #expect(try await second.value == fresh)
    }
}

/// Holds tasks until it is opened.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var observers: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if isOpen { return }
        for observer in observers { observer.resume() }
        observers = []
        await withCheckedContinuation { waiting.append($0) }
    }

    func untilWaitedFor() async {
        if !waiting.isEmpty || isOpen { return }
        await withCheckedContinuation { observers.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
