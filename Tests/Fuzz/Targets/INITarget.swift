import SystemPackage

@testable import AWS

extension FuzzTarget {
    /// The shared AWS files, and the profiles that are read from them.
    static let ini = FuzzTarget("ini") { input in
        let file: INIFile
        do {
            file = try INIFile(parsing: input, path: "config")
        } catch {
            let message = "\(error)"
            try promise(message.utf8.count < 200 && !message.contains("\n"), "an error quotes nothing of the file")
            return
        }
        try promise(
            try INIFile(parsing: file.text, path: "config") == file, "a file written from what was read reads the same")
        let config = SharedConfig(config: file, credentials: file)
        for name in file.sections.keys {
            let profile = try? config.profile(ProfileName(name, origin: "a test"))
            _ = profile?["region"]
            _ = config.ssoSession(name)?.text("sso_region")
            _ = config.services(name)?.text("athena", "endpoint_url")
        }
    }
}

extension INIFile {
    /// The parsed file, written as text.
    fileprivate var text: [UInt8] {
        var lines: [[UInt8]] = []
        for name in names {
            guard let section = sections[name] else { continue }
            lines.append(Array("[\(name)]".utf8))
            for (key, text) in section.texts {
                // By bytes: to characters, CR and LF together are one.
                lines += Array("\(key) = \(text)".utf8).split(separator: 0x0a, omittingEmptySubsequences: false)
                    .enumerated().map { $0.offset == 0 ? Array($0.element) : [0x20] + $0.element }
                lines += (section.nested[key] ?? [:]).map { Array(" \($0.key) = \($0.value)".utf8) }
            }
        }
        return lines.flatMap { $0 + [0x0d, 0x0a] }
    }
}
