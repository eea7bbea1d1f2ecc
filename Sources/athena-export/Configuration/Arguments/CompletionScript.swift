/// The scripts that complete the command in a shell, as swift-argument-parser generates them.
enum CompletionScript {
    private static let bashValues = """
            # Offer option value completions
            case "${prev}" in
        """
    /// The generated function sets the position to -2 when it has found a subcommand.
    private static let bashOwnValues = """
            # Offer option value completions, unless a subcommand has an option of that name
            [[ "${positional_number}" -ne -2 ]] && case "${prev}" in
        """

    /// The script for bash with one correction: the root completes the values of its own options only.
    ///
    /// Otherwise `status --format` would offer the values of `run --format`. Scripts for zsh and fish need no
    /// correction.
    static func corrected(_ script: String) -> String {
        guard script.hasPrefix("#!/bin/bash"), let range = script.firstRange(of: bashValues) else { return script }
        return script[..<range.lowerBound] + bashOwnValues + script[range.upperBound...]
    }
}
