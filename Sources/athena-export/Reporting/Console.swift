import AWS
import CGlibc
import JSON
import SystemPackage
import Text
import Threading

/// Standard output and standard error, with a progress line that gives way to everything else.
final class Console: Sendable {
    /// Whether the progress line is on the screen.
    private let progressShown = Locked(false)

    /// Writes the product of a command.
    ///
    /// - Returns: false if it could not be written: the disk is full, or the reader has closed it.
    @discardableResult
    func writeOutput(_ text: String) -> Bool {
        eraseProgress()
        return (try? FileDescriptor.standardOutput.writeAll(text.utf8)) != nil
    }

    /// Writes the whole product of a command, or reports that it could not.
    func writeProduct(_ text: String, called name: String) throws(ExitStatus) {
        guard writeOutput(text) else {
            writeError("the \(name) could not be written to standard output")
            throw .inputOutput
        }
    }

    func writeError(_ message: String) {
        writeLine("athena-export: error: \(message.replacing(newlinesWith: " ").shown(limit: 2000))")
    }

    /// Writes an error, on one line. On a terminal its details get lines of their own.
    func writeError(_ error: any Error) {
        guard columns != nil, let error = error as? AWSError, !error.details.isEmpty else {
            return writeError("\(error)")
        }
        writeError(error.summary)
        for detail in error.details { writeLine("  " + detail.shown(limit: 500)) }
    }

    /// Writes a line to standard error.
    func writeLine(_ line: String) {
        progressShown.withLock { isShown in
            write((isShown ? eraser : "") + line + "\n")
            isShown = false
        }
    }

    /// Replaces the progress line.
    func showProgress(_ line: ProgressLine) {
        progressShown.withLock { isShown in
            let text = line.fitted(to: columns ?? Self.usualColumns)
            // Written without wrapping, in case the terminal has just become narrower or the characters are wide. The
            // cursor waits at the beginning: a terminal that breaks the line again when it becomes narrower leaves the
            // cursor there, so the next line erases all of it.
            write(columns == nil ? Self.restart + text : "\(eraser)\u{1b}[?7l\(text)\u{1b}[?7h\r")
            isShown = true
        }
    }

    func eraseProgress() {
        progressShown.withLock { isShown in
            if isShown { write(eraser) }
            isShown = false
        }
    }

    /// Removes the progress line from a terminal. In a file it stays, and the next text begins a line.
    private var eraser: String { columns == nil ? "\n" : "\r\u{1b}[J" }
    private static let restart = "\r\u{1b}[K"

    /// How many characters fit in a line of the terminal now; nil if standard error is no terminal.
    private var columns: Int? {
        switch cglibc_terminal_columns(FileDescriptor.standardError.rawValue) {
        case ..<0: nil
        // A terminal that does not report its width, such as a serial line.
        case 0: Self.usualColumns
        case let columns: Int(columns)
        }
    }
    private static let usualColumns = 80

    private func write(_ text: String) {
        // Errors cannot be reported if standard error is closed; the export still continues.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}

extension String {
    func replacing(newlinesWith replacement: String) -> String {
        split(whereSeparator: \.isNewline).joined(separator: replacement)
    }
}

extension JSONValue {
    /// The value as JSON text without characters that steer a terminal: they are escaped.
    ///
    /// Control characters below U+0020 are escaped in all JSON; the others that steer, all within four digits, can only
    /// stand in strings.
    func terminalText(pretty: Bool) -> String {
        var output = ""
        for scalar in String(decoding: serialized(pretty: pretty), as: UTF8.self).unicodeScalars {
            if scalar.steersTerminals, scalar != "\n" {
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
