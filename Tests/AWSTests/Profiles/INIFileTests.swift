import AWS
import SystemPackage
import Testing

@Suite struct `INI files` {
    private func parse(_ text: String) throws(AWSError) -> INIFile {
        try INIFile(parsing: Array(text.utf8), path: "/f")
    }

    @Test func `an INI file has sections with keys, comments and blanks anywhere`() throws {
        let file = try parse(
            """
            # comment
            ; another

            [default]   text after a section
            region=eu-west-1
              \taws_access_key_id =   AKID  # mine
            aws_secret_access_key = a=b#c;d== ; e
            credential_process: helper --vault "team #1" ; --url https://h
            Output = json
            empty =
            [profile two words]
            region = us-east-1
            """)
        let section = try #require(file.sections["default"])
        #expect(section.text("region") == "eu-west-1\naws_access_key_id =   AKID  # mine")
        #expect(section.text("aws_secret_access_key") == "a=b#c;d== ; e")
        #expect(section.text("credential_process") == #"helper --vault "team #1" ; --url https://h"#)
        #expect(section.text("output") == "json" && section.text("empty") == nil)
        #expect(file.sections["profile two words"]?.text("region") == "us-east-1")
    }

    @Test func `an INI file may be indented throughout`() throws {
        let file = try parse("  [default]\n  region = eu-west-1\n  # here\n  output = json\n")
        #expect(file.sections["default"]?.text("region") == "eu-west-1")
        #expect(file.sections["default"]?.text("output") == "json")
    }

    @Test(.timeLimit(.minutes(60))) func `an INI file of the largest size is read in linear time`() throws {
        // If each line copied the text before it, this would take many minutes.
        let lines = (0..<50_000).map { " k\($0)=" }.joined(separator: "\n")
        #expect(
            try parse("[a]\nlong = x\n\(lines)\n").sections["a"]?.text("long")?.utf8.count == lines.utf8.count - 49_998)
        #expect(try parse("[a]\nnested =\n\(lines)v\n").sections["a"]?.text("nested", "k49999") == "v")
    }

    @Test func `an INI file has one nested level`() throws {
        let file = try parse(
            "[services s]\nathena =\n  endpoint_url = http://localhost:1\n\n  # comment\n  other = 2\ns3 =\n\tendpoint_url = x\nlast = 1\n"
        )
        let section = try #require(file.sections["services s"])
        #expect(
            section.text("athena", "endpoint_url") == "http://localhost:1" && section.text("athena", "other") == "2")
        #expect(section.text("s3", "endpoint_url") == "x" && section.text("last") == "1" && section.text("s3") == nil)
    }

    @Test func `an INI file has a section of defaults for the others, and values over several lines`() throws {
        let file = try parse("[DEFAULT]\nregion = a\nx = 1\n[b]\nX = 2\n y\n\n  z\n\n[c]\nathena =\n  k = v\n")
        #expect(file.names == ["b", "c"] && file.sections.count == 2)
        #expect(file.sections["b"]?.text("region") == "a" && file.sections["b"]?.text("x") == "2\ny\n\nz")
        #expect(file.sections["c"]?.text("x") == "1" && file.sections["c"]?.text("athena", "k") == "v")
    }

    @Test func `an INI file may begin with a byte order mark and end lines with CR LF`() throws {
        let file = try parse("\u{feff}[default]\r\nregion = eu-west-1\r\n[b]\r\n")
        #expect(file.sections["default"]?.text("region") == "eu-west-1" && file.sections["b"] != nil)
    }

    @Test(arguments: [
        ("canary = 1\n", 1, "before the first section"), ("[a]\ncanary\n", 2, "no = on it"),
        ("[a]\n= canary\n", 2, "no key before"), ("[canary\n", 1, "before the first section"),
        ("[a]\n\n[canary\n", 3, "no closing bracket"),
        ("[]\n", 1, "before the first section"), ("[a]\nk = 1\nK = canary\n", 3, "the key of line 2"),
        ("[a]\n[b]\n[a]\n", 3, "the section of line 1"), ("[a]\nn =\n  canary\n", 3, "no = on it"),
        ("[a]\nn =\n  x = 1\n\n  canary\n", 5, "no = on it"),
        ("[DEFAULT]\na = 1\n[b]\n[DEFAULT]\na: canary\n", 5, "of line 2"),
        ("[a]\ncanary/secret+with=\ncanary/secret+with=\n", 3, "the key of line 2"),
    ])
    func `an INI file with a syntax error is refused by line and without quoting it`(
        _ text: String, _ line: Int, _ problem: String
    ) {
        #expect {
            try parse(text)
        } throws: { error in
            let fault = (error as? AWSError)?.fault ?? ""
            return fault.hasPrefix("/f, line \(line): ") && fault.contains(problem) && !fault.contains("canary")
        }
    }

    @Test(arguments: [[0xff, 0xfe, 0x5b, 0x00], [0x5b, 0xc3, 0x28, 0x5d], [0x5b, 0x61, 0x5d, 0x0a, 0x00]])
    func `an INI file that is not UTF-8 is refused`(_ bytes: [UInt8]) {
        #expect { try INIFile(parsing: bytes, path: "/f") } throws: { "\($0)".contains("/f: it is not UTF-8 text") }
    }

    @Test func `every mutilated INI file is read or refused`() {
        let text = Array("[default]\nregion = x\nathena =\n  url = y # z\n; c\n[profile \"a b\"]\nk=v\n".utf8)
        for count in 0...text.count { _ = try? INIFile(parsing: Array(text[..<count]), path: "/f") }
        for index in text.indices {
            for byte: UInt8 in [0x00, 0x0a, 0x20, 0x3d, 0x5b, 0x5d, 0x80] {
                var mutilated = text
                mutilated[index] = byte
                _ = try? INIFile(parsing: mutilated, path: "/f")
            }
        }
    }
}

@Suite struct `The shared files` {
    private func load(config: String, credentials: String = "") throws -> SharedConfig {
        let files = TemporaryFiles(config: config, credentials: credentials)
        return try files.shared.load()
    }

    private func named(_ name: String) -> ProfileName { ProfileName(name, origin: "test") }

    @Test func `the shared files make one profile, in which the credentials file goes first`() throws {
        let shared = try load(
            config: "[profile p]\nregion = config\noutput = json\n[p]\nregion = ignored\n",
            credentials: "[p]\nregion = credentials\n")
        let profile = try #require(try shared.profile(named("p")))
        #expect(profile["region"] == "credentials" && profile["output"] == "json")
    }

    @Test func `the shared files may spell the default profile and quoted names either way`() throws {
        #expect(try load(config: "[default]\nregion = a\n").profile(.default)?["region"] == "a")
        #expect(
            try load(config: "[default]\nregion = a\n[profile default]\nregion = b\n").profile(.default)?["region"]
                == "b")
        #expect(try load(config: "[profile \"a b\"]\nregion = c\n").profile(named("a b"))?["region"] == "c")
        #expect(try load(config: "[profile\tq]\nregion = d\n").profile(named("q"))?["region"] == "d")
        let both = "[profile q]\nregion = e\n[profile \"q\"]\nregion = f\n"
        for _ in 0..<20 { #expect(try load(config: both).profile(named("q"))?["region"] == "f") }
        #expect(try load(config: "[profile a b]\nregion = c\n").profile(.default) == nil)
    }

    @Test func `the shared files hold SSO sessions and services`() throws {
        let shared = try load(config: "[sso-session s]\nsso_region = r\n[services v]\nathena =\n  endpoint_url = u\n")
        #expect(shared.ssoSession("s")?.text("sso_region") == "r")
        #expect(shared.services("v")?.text("athena", "endpoint_url") == "u")
    }

    @Test func `a missing default profile does no harm, and a missing named one is an error`() throws {
        let shared = try load(config: "")
        #expect(try shared.profile(.default) == nil)
        #expect(throws: AWSError.self) { try shared.profile(named("default")) }
        #expect { try shared.profile(named("\u{1b}]0;x\n")) } throws: {
            !"\($0)".contains("\u{1b}") && !"\($0)".contains("\n")
        }
    }
}
