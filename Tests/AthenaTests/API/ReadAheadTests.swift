import Athena
import AWS
import Foundation
import HTTPTransport
import Testing
import TestSupport
import Threading

/// Serves each page in two parts: the beginning, and the rest once another page was requested.
private final class TwoPartTransport: HTTPTransport {
    private let transport: DirectTransport
    private let beginning: Int
    private let pagesAskedFor = Locked(0)
    private let counts = Locked((finishedAlone: 0, finishedWithNext: 0))

    /// The longest time for which the rest is held back; nil for no limit.
    private let patience: Duration?

    init(_ athena: FakeAthena, beginning: Int, patience: Duration?) {
        transport = DirectTransport(athena) { _ in nil }
        self.beginning = beginning
        self.patience = patience
    }

    /// Pages whose rest was held back until the next one was requested, and pages that had to come without.
    var finished: (alone: Int, withNext: Int) { counts.withLock { ($0.finishedAlone, $0.finishedWithNext) } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let answer = try await transport.send(request)
        guard request.headers["X-Amz-Target"] == "AmazonAthena.GetQueryResults" else { return answer }
        let page = pagesAskedFor.withLock { count in
            count += 1
            return count
        }
        let part = Array(answer.body.prefix(beginning))
        _ = request.onBody?(part.span)
        let isLast = !answer.body.starts(with: #"{"NextToken""#.utf8)
        let deadline = patience.map { ContinuousClock.now + $0 }
        while !isLast, pagesAskedFor.withLock({ $0 }) == page, deadline.map({ ContinuousClock.now < $0 }) ?? true {
            try await Task.sleep(for: .milliseconds(1))
        }
        let isAlone = pagesAskedFor.withLock { $0 } == page
        counts.withLock { isAlone ? ($0.finishedAlone += 1) : ($0.finishedWithNext += 1) }
        return answer
    }
}

@Suite struct `Pages read ahead` {
    private static let job: FakeResult = {
        var result = FakeResult(rowCount: 95)
        result.states = ["SUCCEEDED"]
        result.pageRows = 11
        return result
    }()

    @Test(.timeLimit(.minutes(60)))
    func `the next page is asked for while the rows of this one are still on their way`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let plain = InProcessExport(FakeAthena(result: Self.job), in: "\(directory)/a")
            _ = try await plain.run()
            let athena = FakeAthena(result: Self.job)
            let transport = TwoPartTransport(athena, beginning: 400, patience: nil)
            var export = InProcessExport(athena, in: "\(directory)/b")
            export.transport = transport
            _ = try await export.run()
            #expect(export.files == plain.files)
            // 96 rows with the header are nine pages, the last of which has no token.
            #expect(transport.finished == (alone: 1, withNext: 8))
            #expect(athena.count(of: "GetQueryResults") == 9)
        }
    }

    @Test func `a token that is not in front is waited for`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.job)
            let transport = TwoPartTransport(athena, beginning: 60, patience: .milliseconds(20))
            var export = InProcessExport(athena, in: directory)
            export.transport = transport
            _ = try await export.run()
            #expect(transport.finished.withNext == 0)
            #expect(athena.count(of: "GetQueryResults") == 9)
        }
    }
}
