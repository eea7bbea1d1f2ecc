/// How sh writes texts that hold anything.
enum Shell {
    /// One word.
    static func quoted(_ text: String) -> String {
        var word = "'"
        for scalar in text.unicodeScalars {
            word += scalar == "'" ? #"'\''"# : String(scalar)
        }
        return word + "'"
    }

    /// A command that reads the text, which sh does not look into, and what its output goes to.
    static func document(_ text: String, to command: String, then pipe: String = "") -> String {
        var end = "SQL"
        // Names may hold newlines, and so whole lines that would end the text early.
        while text.utf8.split(separator: 0x0a).contains(where: { $0.elementsEqual(end.utf8) }) { end += "_" }
        return "\(command) <<'\(end)'\(pipe)\n\(text)\n\(end)\n"
    }
}
