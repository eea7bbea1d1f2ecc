import Foundation
import JSON

/// Checks of every run of the command: no secret that it received is in anything that it wrote, and its output cannot
/// steer a terminal.
///
/// The secrets come from the run itself: its environment and the files that its arguments name.
struct SecretLeakCheck {
    private let isCommand: Bool
    private let printsData: Bool
    private let showsProgress: Bool
    private let secrets: [CanarySecret]
    private let directories: [String]

    init(_ program: String, _ arguments: [String], _ environment: [String: String], directory: String) {
        isCommand = program == Executable.path
        printsData = ["merge", "loader"].contains(arguments.first)
        showsProgress = arguments.contains("--progress")
        guard isCommand || arguments.contains(Executable.path) else {
            secrets = []
            directories = []
            return
        }
        func paths(_ options: Set<String>) -> [String] {
            zip(arguments, arguments.dropFirst()).filter { options.contains($0.0) }
                .map { $0.1.hasPrefix("/") ? $0.1 : "\(directory)/\($0.1)" }
        }
        let variables = environment.filter { CanarySecret.variables.contains($0.key) }.values
        secrets = (variables + paths(["--config"]).flatMap(Self.secrets(inFile:))).compactMap(CanarySecret.init)
        let outputs = paths(["--output", "-o"])
        directories = (outputs.isEmpty ? ["\(directory)/export"] : outputs) + paths(["--record"])
    }

    /// - Throws: ``SecretLeak``.
    func check(output: String, errors: String) throws {
        for file in [output, errors] {
            let bytes = FileManager.default.contents(atPath: file) ?? Data()
            let stream = (file as NSString).lastPathComponent
            try check(bytes, stream)
            // Merged rows, and the names in a script for a database, are data.
            if isCommand, !(printsData && file == output) { try checkTerminal(bytes, stream) }
        }
        guard !secrets.isEmpty else { return }
        for directory in directories {
            for (name, bytes) in TestMachine.files(below: directory) { try check(bytes, "\(directory)/\(name)") }
        }
    }

    private func check(_ bytes: Data, _ place: String) throws {
        for secret in secrets {
            if let form = secret.form(in: bytes) { throw SecretLeak(place: place, what: "a secret, \(form)") }
        }
        // Every request has an invocation id, and its value is always new.
        guard !secrets.isEmpty else { return }
        for part in ["AWS4-HMAC-SHA256", "X-Amz-Signature", "Signature="] where bytes.holds(Data(part.utf8)) {
            throw SecretLeak(place: place, what: part)
        }
    }

    private func checkTerminal(_ bytes: Data, _ place: String) throws {
        var text = String(decoding: bytes, as: UTF8.self)
        if showsProgress { text = text.replacingOccurrences(of: "\r\u{1b}[K", with: "") }
        for scalar in text.unicodeScalars where scalar != "\n" {
            switch scalar.value {
            case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff:
                throw SecretLeak(place: place, what: "U+\(String(scalar.value, radix: 16))")
            default: break
            }
        }
    }

    private static func secrets(inFile path: String) -> [String] {
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
        guard let size, size < 1 << 20, let bytes = FileManager.default.contents(atPath: path),
            let root = try? JSONField(JSONValue(parsing: Array(bytes)))
        else { return [] }
        return ["aws_secret_access_key", "aws_session_token"].compactMap { try? root.optionalMember($0)?.string() }
    }
}

/// A secret or a control character in the output of a run.
package struct SecretLeak: Error, CustomStringConvertible {
    let place: String
    let what: String

    package var description: String { "\(place) holds \(what)" }
}

/// A value that must not be seen, in every form that it can have.
struct CanarySecret {
    static let variables: Set<String> = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]

    private let forms: [(name: String, bytes: Data)]

    /// - Returns: nil for a value so short that it may occur by chance.
    init?(_ secret: String) {
        let bytes = Array(secret.utf8)
        guard bytes.count >= 12 else { return nil }
        let hexadecimal = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        var forms = [
            ("plain", secret), ("with escaped slashes", secret.replacingOccurrences(of: "/", with: "\\/")),
            ("its beginning", String(secret.prefix(16))),
            ("percent-encoded", secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? secret),
            ("hexadecimal", hexadecimal.joined()), ("a memory dump", hexadecimal.prefix(16).joined(separator: " ")),
        ]
        forms += (0..<3).map { ("base64", Self.base64(bytes, after: $0)) }
        self.forms = forms.map { ($0.0, Data($0.1.utf8)) } + [("HEXADECIMAL", Data(forms[4].1.uppercased().utf8))]
    }

    /// The form in which the bytes contain the secret; nil if they do not.
    func form(in bytes: Data) -> String? {
        forms.first { bytes.holds($0.bytes) }?.name
    }

    /// The base64 of the secret inside a longer text, at one of the three places that it can have in a group.
    private static func base64(_ bytes: [UInt8], after padding: Int) -> String {
        let whole = Data(Array(repeating: 0, count: padding) + bytes)
        let text = whole.base64EncodedString()
        let firstWhole = (padding * 8 + 5) / 6
        let lastWhole = whole.count * 8 / 6
        return String(text.prefix(lastWhole).dropFirst(firstWhole))
    }
}

extension Data {
    /// Whether other bytes are part of these. `range(of:)` of Foundation took a tenth of a whole run of the tests.
    fileprivate func holds(_ part: Data) -> Bool {
        withUnsafeBytes { bytes in
            part.withUnsafeBytes { part in
                var rest = bytes[...]
                while rest.count >= part.count, let start = rest.baseAddress, let wanted = part.baseAddress {
                    guard let hit = memchr(start, Int32(part[0]), rest.count - part.count + 1) else { return false }
                    if memcmp(hit, wanted, part.count) == 0 { return true }
                    rest = rest.dropFirst(UnsafeRawPointer(hit) - start + 1)
                }
                return false
            }
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}
