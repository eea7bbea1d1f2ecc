import ArgumentParser

/// The message for arguments that cannot be parsed: that of swift-argument-parser, with the form of a wrong value, the
/// subcommand or option that was probably meant, and where to read on.
struct ArgumentErrorText {
    private let arguments: [String]
    private let message: String
    private let usage: String

    /// - Parameter arguments: without the program's name.
    init(_ error: any Error, arguments: [String]) {
        self.arguments = arguments
        message = AthenaExportCommand.message(for: error)
        usage = AthenaExportCommand.fullMessage(for: error)
    }

    /// One line, without a full stop.
    var text: String {
        let (text, help) =
            unknownSubcommand.map { ($0, "athena-export --help") } ?? (withForm ?? withOption ?? message, help)
        if text.hasSuffix("?") { return "\(text) See \(help)" }
        return "\(text.hasSuffix(".") ? String(text.dropLast()) : text); see \(help)"
    }

    /// `athena-export merge --help`, from the last line of the usage.
    private var help: String {
        guard let start = usage.ranges(of: "  See '").last?.upperBound,
            let end = usage[start...].firstRange(of: "'")?.lowerBound
        else { return "athena-export --help" }
        return String(usage[start..<end])
    }

    // MARK: - Suggestions

    private static let subcommands =
        AthenaExportCommand.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]

    /// `run` takes options only, so a word at the beginning can only be a subcommand.
    private var unknownSubcommand: String? {
        guard let word = arguments.first, !word.hasPrefix("-"), !word.isEmpty, !Self.subcommands.contains(word) else {
            return nil
        }
        let advice =
            Suggestion.nearest(to: word, among: Self.subcommands).map { "did you mean \($0)?" }
            ?? "there are \(Self.subcommands.joined(separator: ", "))"
        return "there is no subcommand '\(word)'; \(advice)"
    }

    /// For a key of the configuration file in the place of its option.
    private var withOption: String? {
        let start = "Unknown option '--"
        guard message.hasPrefix(start), !message.contains("Did you mean") else { return nil }
        let name = message.dropFirst(start.count).prefix { $0 != "'" }
        return ConfigurationKey.option(forKey: String(name)).map { "\(message). Did you mean '\($0)'?" }
    }

    // MARK: - Values

    /// For a value that the option does not accept.
    private var withForm: String? {
        guard message.hasPrefix("The value '") else { return nil }
        if let list = message.ranges(of: ". Please provide one of").last {
            let form = ValueForm.oneOf(Self.words(message[list.upperBound...]), given: value)
            return "\(message[..<list.lowerBound]): \(form)"
        }
        guard message.hasSuffix(">'"), let opening = message.lastIndex(of: "<") else { return nil }
        let name = message[message.index(after: opening)...].dropLast(2)
        return ValueForm.of(valueName: String(name)).map { "\(message): \($0)" }
    }

    /// The value that the message names first.
    private var value: String {
        guard let end = message.firstRange(of: "' is invalid")?.lowerBound else { return "" }
        return String(message[..<end].dropFirst("The value '".count))
    }

    /// The values of a list: quoted in a sentence if there are few, else one a line.
    private static func words(_ list: Substring) -> [String] {
        let quoted = list.split(separator: "'", omittingEmptySubsequences: false)
        if quoted.count > 1 { return stride(from: 1, to: quoted.count, by: 2).map { String(quoted[$0]) } }
        return list.split(separator: "\n").filter { $0.hasPrefix("  - ") }.map { String($0.dropFirst(4)) }
    }
}
