import Foundation
import Testing

@Suite struct `A table over many nights` {
    /// For a longer look than in every run of the tests: so many seeds, each with thirty nights.
    private static let longLook = UInt64(ProcessInfo.processInfo.environment["ATHENA_EXPORT_TEST_SEEDS"] ?? "")
    private static let seeds = 0..<(longLook ?? 20)
    private static let nights = longLook == nil ? 12 : 30

    @Test(arguments: seeds)
    func `the export equals the table after each night, and only what changed is written`(_ seed: UInt64) async throws {
        try await withTemporaryDirectory { parent in
            var nights = ModelNights(seed: seed, in: parent)
            for night in 1...Self.nights { try await nights.spend(night, isMerged: night % 6 == 0) }
            #expect(try await nights.nights.verify() == [])
        }
    }
}
