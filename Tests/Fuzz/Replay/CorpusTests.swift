import Foundation
import Testing
import TestSupport

@Suite struct `The fuzzing corpus` {
    private static let directory = TestMachine.root.appendingPathComponent("Tests/Fuzz/Corpus")

    @Test(arguments: FuzzTarget.all)
    func `the corpus breaks no promise of any parser`(_ target: FuzzTarget) throws {
        for (name, input) in try Self.inputs(target) {
            #expect(throws: Never.self, "\(name)") { try target.check(input) }
        }
    }

    /// A look at each parser that takes seconds. libFuzzer looks longer, and where the code takes new ways.
    @Test(arguments: FuzzTarget.all)
    func `inputs that differ a little from the corpus break no promise of any parser`(_ target: FuzzTarget) throws {
        let corpus = try Self.inputs(target).map(\.input)
        for input in MutatedInputs(of: corpus, seed: 20_261_130).prefix(2000) {
            #expect(throws: Never.self, "in base64: \(Data(input).base64EncodedString())") { try target.check(input) }
        }
    }

    /// By name, so that their order is the same everywhere.
    private static func inputs(_ target: FuzzTarget) throws -> [(name: String, input: [UInt8])] {
        let files = try FileManager.default.contentsOfDirectory(
            at: directory.appendingPathComponent(target.name), includingPropertiesForKeys: nil)
        try #require(!files.isEmpty)
        return try files.map { ($0.lastPathComponent, try Array(Data(contentsOf: $0))) }.sorted { $0.0 < $1.0 }
    }

    @Test func `the corpus has a directory for each target and no other`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
        #expect(names.sorted() == FuzzTarget.all.map(\.name))
    }
}
