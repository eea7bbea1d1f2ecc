import Foundation
import Testing
import TestSupport

@Suite struct `The fuzzing corpus` {
    private static let directory = TestMachine.root.appendingPathComponent("Tests/Fuzz/Corpus")

    @Test(arguments: FuzzTarget.all)
    func `the corpus breaks no promise of any parser`(_ target: FuzzTarget) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.directory.appendingPathComponent(target.name), includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files {
            let input = try Array(Data(contentsOf: file))
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try target.check(input) }
        }
    }

    @Test func `the corpus has a directory for each target and no other`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
        #expect(names.sorted() == FuzzTarget.all.map(\.name))
    }
}
