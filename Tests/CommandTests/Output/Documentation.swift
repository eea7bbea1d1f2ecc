import Foundation
import TestSupport

/// The README and the pages of the documentation.
enum Documentation {
    static let catalog = TestMachine.root.appendingPathComponent("Sources/athena-export/athena-export.docc")

    /// The text of a page, by its name: `Watching`.
    static func page(_ name: String) throws -> String {
        try String(contentsOf: catalog.appendingPathComponent("\(name).md"), encoding: .utf8)
    }

    /// The README and every page.
    static func files() throws -> [URL] {
        let pages = try FileManager.default.contentsOfDirectory(at: catalog, includingPropertiesForKeys: nil)
        return [TestMachine.root.appendingPathComponent("README.md")]
            + pages.filter { $0.pathExtension == "md" }.sorted { $0.path < $1.path }
    }

    /// The fenced blocks of a language, in order.
    static func blocks(_ language: String, in text: String) -> [String] {
        text.components(separatedBy: "```\(language)\n").dropFirst()
            .map { $0.components(separatedBy: "```").first ?? "" }
    }

    /// The rows below each line that begins with the given one, as far as the table goes.
    static func tables(headed head: String, in text: String) -> [String] {
        text.components(separatedBy: "\n\(head)").dropFirst().map { $0.components(separatedBy: "\n\n").first ?? "" }
    }

    /// The anchors of a page's headings, as GitHub forms them.
    static func anchors(in text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
                heading.drop { $0 == "#" || $0 == " " }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
                    .replacing(" ", with: "-")
            })
    }
}
