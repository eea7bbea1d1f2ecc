import Foundation
import JSON
import Testing
import TestSupport

@testable import AWS

@Suite struct `A command line` {
    @Test(
        arguments: [
            ("a b", ["a", "b"]), ("  a\t b\n", ["a", "b"]), ("", []), ("   ", []), ("'a b' c", ["a b", "c"]),
            ("\"a b\" c", ["a b", "c"]), ("''", [""]), ("\"\" a", ["", "a"]), ("a'b c'd", ["ab cd"]),
            ("a\\ b", ["a b"]),
            ("'a\\b'", ["a\\b"]), ("\"a\\b\"", ["a\\b"]), ("\"a\\\\b\"", ["a\\b"]), ("\"a\\\"b\"", ["a\"b"]),
            ("\"a\\$b\"", ["a\\$b"]), ("a;b|c&&d", ["a;b|c&&d"]), ("$HOME `id` $(id)", ["$HOME", "`id`", "$(id)"]),
            ("~/x *", ["~/x", "*"]), ("a # b", ["a", "#", "b"]), ("'it'\\''s'", ["it's"]), ("\\\n", ["\n"]),
            ("ž\u{301} 😀", ["ž\u{301}", "😀"]), ("a\u{a0}b", ["a\u{a0}b"]), ("a\u{0b}b", ["a\u{0b}b"]),
        ] as [(String, [String])])
    func `a command line is split into words as in a shell`(_ line: String, _ words: [String]) throws {
        #expect(try ShellWords.split(line) == words)
    }

    @Test(arguments: ["'", "\"", "a 'b", "a \"b\\\"", "\\", "a \\", "\"\\"])
    func `a command line that is not finished is refused`(_ line: String) {
        #expect(throws: ShellWords.Fault.self) { try ShellWords.split(line) }
    }

    @Test(.enabled(if: BotocoreSigner.python != nil, "needs botocore: run Tests/setup"))
    func `a command line is split into the words of Python's shlex, whatever it holds`() throws {
        var random = SplitMix(seed: 20_261_130)
        let alphabet = Array("ab \t\n'\"\\$#;ž")
        let lines = (0..<2000).map { _ in
            String((0..<Int.random(in: 0...12, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
        }
        let output = try BotocoreSigner.run(
            BotocoreSigner.python ?? "",
            """
            import json, shlex, sys
            def split(line):
                try:
                    return shlex.split(line)
                except ValueError:
                    return None
            json.dump([split(line) for line in json.load(sys.stdin)], sys.stdout)
            """, input: Data(JSONValue.array(lines.map { .string($0) }).serialized(pretty: false)))
        let expected = try JSONField(JSONValue(parsing: Array(output))).elements()
        try #require(expected.count == lines.count)
        for (line, words) in zip(lines, expected) {
            let theirs = words.value == .null ? nil : try words.strings()
            #expect((try? ShellWords.split(line)) == theirs, "\(line.debugDescription)")
        }
    }
}
