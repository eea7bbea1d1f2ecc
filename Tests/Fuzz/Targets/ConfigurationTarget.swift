import ArgumentParser
import JSON
import SystemPackage

@testable import athena_export

extension FuzzTarget {
    /// The configuration file, read as far as a run reads it before it begins.
    static let configuration = FuzzTarget("configuration") { input in
        // That path is the fuzzer's standard input.
        if String(decoding: input, as: UTF8.self).contains("\"-\"") { return }
        do {
            let file = try ConfigurationFile(parsing: input, name: "configuration.json")
            let options = try RunOptions.parse([])
            _ = try ExportConfiguration(options, file: file, workers: 1)
        } catch let error as ConfigurationError {
            let message = "\(error)"
            try promise(
                // By bytes: a mark that combines makes one character of the blank and itself.
                ["configuration.json: ", "the query file: "].contains { place in
                    Array(message.utf8).firstRange(of: place.utf8) != nil
                },
                "an error names the file")
            for secret in secrets(in: input) {
                try promise(!message.contains(secret), "an error shows no secret")
            }
        }
    }

    /// Secrets that occur once in the file, so that they have no second meaning.
    private static func secrets(in input: [UInt8]) -> [String] {
        guard case .object(let object)? = try? JSONValue(parsing: input) else { return [] }
        return ["aws_secret_access_key", "aws_session_token"].compactMap { key in
            guard case .string(let text) = object[key], text.utf8.count >= 8 else { return nil }
            return (input.utf8Text ?? "").split(separator: text, omittingEmptySubsequences: false).count == 2
                ? text : nil
        }
    }
}
