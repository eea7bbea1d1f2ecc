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
            unknownSubcommand.map { ($0, "athena-export --help") }
            ?? (withForm ?? ofRun ?? withOption ?? message, help)
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

    /// The option that the command does not have, with its hyphens.
    private var unknownOption: String? {
        let start = "Unknown option '"
        guard message.hasPrefix(start) else { return nil }
        return String(message.dropFirst(start.count).prefix { $0 != "'" })
    }

    /// For an option of `run` that is given to another subcommand, by its name or its key.
    private var ofRun: String? {
        guard let name = unknownOption, let subcommand, subcommand != "run" else { return nil }
        let runOptions = Self.options(of: "run")
        let option =
            runOptions.contains(name) ? name : ConfigurationKey.option(forKey: String(name.drop { $0 == "-" }))
        guard let option, runOptions.contains(option), !Self.options(of: subcommand).contains(option) else {
            return nil
        }
        return "Unknown option '\(name)': \(subcommand) does not have it, run does"
    }

    /// For a key of the configuration file in the place of its option.
    private var withOption: String? {
        guard let name = unknownOption, name.hasPrefix("--"), !message.contains("Did you mean") else { return nil }
        return ConfigurationKey.option(forKey: String(name.dropFirst(2))).map { "\(message). Did you mean '\($0)'?" }
    }

    /// `merge`, from the usage; nil for the command without a subcommand.
    private var subcommand: String? {
        let words = help.split(separator: " ").map(String.init)
        return words.count == 3 ? words[1] : nil
    }

    /// The options in the help of a subcommand.
    private static func options(of subcommand: String) -> Set<String> {
        let command = AthenaExportCommand.configuration.subcommands.first {
            $0.configuration.commandName == subcommand
        }
        guard let command else { return [] }
        // A line such as "  -o, --output <dir>".
        let lines = AthenaExportCommand.helpMessage(for: command).split(separator: "\n").filter { $0.hasPrefix("  -") }
        return Set(
            lines.flatMap { line in
                line.split { $0 == " " || $0 == "," || $0 == "/" }.prefix { $0.hasPrefix("-") }.map(String.init)
            })
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
