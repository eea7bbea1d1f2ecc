import TestSupport
import Testing

@Suite struct `A table over thirty nights` {
    @Test(arguments: ModelTable.seeds)
    func `the export equals the table after each night, and only what changed is written`(_ seed: UInt64) async throws {
        try await withTemporaryDirectory { parent in
            var nights = ModelNights(seed: seed, in: parent)
            for night in 1...30 { try await nights.spend(night) }
            #expect(try await nights.nights.verify() == [])
        }
    }
}
