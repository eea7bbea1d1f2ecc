import Foundation
import JSON
import SystemPackage
import Testing
import TestSupport

@testable import AWS

/// The same text, read by botocore's parser and by this one.
@Suite(.enabled(if: BotocoreSigner.python != nil, "needs botocore: run Tests/setup"))
struct `Shared files as botocore reads them` {
    static let texts = [
        "", "[a]\nk = v", "[a]\nk: v", "[a]\nk:v=w", "[a]\nk = v: w", "[a]\nk = v # c", "[a]\nk = v ; c", "[a]\nk = #c",
        "[a]\n# c\n ; d\nk = v", "[a] text", "[a]] text ]", "[a] # c", "[ a ]\nk = v", "[]\n", "[]\nk = v", "[a\nk = v",
        "[a]\n[b = c\n", "[a]\n[b]\n[a]", "[a]\nk = 1\nK : 2", "[a]\nk", "[a]\n= v", "[a]\n: v", "k = v", "[a]\nk = ",
        "[a]\nk = v\n w", "[a]\nk = v\n\n w\n\n\n x\n", "[a]\nk = v\n # c\n w", "[a]\nk = v\n [b]\n",
        " [a]\n k = v\n  w",
        "[a]\nk =\n n = 1\n m = 2", "[a]\nk =\n n = 1\n n = 2", "[a]\nk =\n N = 1 # c", "[a]\nk =\n\n n = 1",
        "[a]\nk =\n n: 1",
        "[a]\nk =\n n", "[a]\nk =\n = v", "[a]\nk =\n\n\nl = 1", "[a]\n\tk\t=\tv\t\n", "[a]\nk = \u{a0}v\u{2003}\n",
        "[DEFAULT]\nk = d\nl = e\n[a]\nk = v\n[b]\n", "[DEFAULT]\nk =\n n = 1\n[a]\n", "[DEFAULT]\n[DEFAULT]\n[a]\n",
        "[DEFAULT]\nk = 1\n[DEFAULT]\nk = 2\n", "[default]\nk = v\n", "[a]\r\nk = v\r\n w\r\n\r\n x\r\n",
        "[a]\rk = v\rl = w",
        "[profile p]\nk = v", "[profile \"p q\"]\nk = v", "[profile p q]\nk = v", "[profile 'p']\nk = v",
        "[profilex p]\nk = v",
        "[profile]\nk = v", "[profile \"p]\nk = v", "[profile p]\nk = 1\n[profile \"p\"]\nk = 2",
        "[profile  p ]\nk = v",
        "[default]\nk = 1\n[profile default]\nk = 2", "[profile default]\nk = 1\n[default]\nk = 2",
        "[sso-session s]\nk = v",
        "[services s]\nathena =\n  endpoint_url = http://h:1\n", "[profile\tp]\nk = v", "[profile p#1]\nk = v",
        "[p]\nk = v",
        "[default]\ncredential_process = helper --account #2 ; x\n", "[a]\nk = v\\\n w", "[a]\nk = \"v\"",
        "[a]\nk == v", "[z]\nk = 1\n[DEFAULT]\nk =\n n\n", "[DEFAULT]\nk =\n n\n[z]\nl = 1\n", "[DEFAULT]\nk =\n n\n",
    ]

    /// Texts of meaningful pieces in random order. Control characters are left out: Python breaks the lines of a nested
    /// level at some of them.
    static func mixedTexts(_ count: Int) -> [String] {
        let pieces = [
            "[a]", "[b]", "[profile p]", "[DEFAULT]", "\n", "\n", "\n", "\n ", "\n  ", "\n\t", "\r\n", "k", "l", "K",
            " = ",
            "=", ":", " : ", "v", "w x", "#", " # c", ";", " ", "\u{a0}", "é", "[", "]", "\"", "'", "\\",
        ]
        // A fixed seed: the texts are the same in every run.
        var generator = SplitMix(seed: 20_261_130)
        return (0..<count).map { _ in
            "[z]\nk = 1\n"
                + (0..<Int.random(in: 0..<25, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator) ?? ""
                }.joined()
        }
    }

    @Test func `this reader and botocore see the same sections, keys, values and profiles, and refuse the same files`()
        throws
    {
        let texts = Self.texts + Self.mixedTexts(3000)
        let theirs = try BotocoreFiles.readings(of: texts)
        try #require(theirs.count == texts.count)
        for (text, reading) in zip(texts, theirs) {
            let ours = BotocoreFiles.Reading(
                text, profiles: reading.profiles.keys + ["default", "p", "p q", "q", "a", "b", "z"])
            #expect(ours == reading, "\(text.debugDescription): \(ours) instead of \(reading)")
        }
    }
}

/// botocore's reading of a file, for comparison.
enum BotocoreFiles {
    /// Values by section and key; a nested level is written as JSON. Nil for a file that is refused.
    struct Reading: Equatable {
        var sections: [String: [String: String]]?
        var profiles: [String: [String: String]] = [:]

        init(_ field: JSONField) throws {
            guard let sections = try field.optionalMember("sections") else { return }
            self.sections = try Self.tables(sections)
            profiles = try Self.tables(try field.member("profiles"))
        }

        /// This module's reading.
        ///
        /// - Parameter names: of the profiles that the file may have.
        init(_ text: String, profiles names: [String]) {
            guard let file = try? INIFile(parsing: Array(text.utf8), path: "config") else { return }
            sections = file.sections.mapValues(Self.table)
            let config = SharedConfig(config: file, credentials: nil)
            for name in names {
                guard let profile = try? config.profile(ProfileName(name, origin: "a test")) else { continue }
                profiles[name] = Self.table(profile.config)
            }
        }

        private static func table(_ section: INIFile.Section) -> [String: String] {
            section.texts.merging(section.nested.mapValues { "\($0.sorted { $0.key < $1.key })" }) { $1 }
        }

        private static func tables(_ field: JSONField) throws -> [String: [String: String]] {
            try members(field).mapValues { section in
                try members(section).mapValues { value in
                    if case .string(let text) = value.value { return text }
                    return "\(try members(value).mapValues { try $0.string() }.sorted { $0.key < $1.key })"
                }
            }
        }

        private static func members(_ field: JSONField) throws -> [String: JSONField] {
            guard case .object(let object) = field.value else { throw field.mismatch("an object") }
            return Dictionary(uniqueKeysWithValues: object.members.map { ($0.name, JSONField($0.value)) })
        }
    }

    static func readings(of texts: [String]) throws -> [Reading] {
        let input = JSONValue.array(texts.map { .string($0) }).serialized(pretty: false)
        let output = try BotocoreSigner.run(BotocoreSigner.python ?? "", script, input: Data(input))
        return try JSONField(JSONValue(parsing: Array(output))).elements().map { try Reading($0) }
    }

    private static let script = """
        import json, sys, tempfile
        from botocore.configloader import build_profile_map, raw_config_parse

        def read(text):
            with tempfile.NamedTemporaryFile("w", newline="") as file:
                file.write(text)
                file.flush()
                try:
                    sections = raw_config_parse(file.name)
                except Exception:
                    return {}
            return {"sections": sections, "profiles": build_profile_map(sections)["profiles"]}

        json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
        """
}
