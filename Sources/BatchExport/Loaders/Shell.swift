import Text

/// Texts of any content, written for sh.
enum Shell {
    /// One word.
    static func quoted(_ text: String) -> String {
        var word = "'"
        for scalar in text.unicodeScalars {
            word += scalar == "'" ? #"'\''"# : String(scalar)
        }
        return word + "'"
    }

    /// A command with the text as its input, which sh does not interpret, and a command for its output.
    static func document(_ text: String, to command: String, then pipe: String = "") -> String {
        var end = "SQL"
        // Names may contain newlines, and so whole lines that would end the text early.
        while text.utf8.split(separator: .lineFeed).contains(where: { $0.elementsEqual(end.utf8) }) { end += "_" }
        return "\(command) <<'\(end)'\(pipe)\n\(text)\n\(end)\n"
    }
}
