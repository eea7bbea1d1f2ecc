public import ArgumentParser
package import BatchExport
public import Logging
import SystemPackage

/// A number of bytes: `1000000`, `64KiB`, `128MiB`, `1GiB`, also `KB`, `MB`, `GB` in thousands.
struct ByteCount: ExpressibleByArgument, Equatable {
    let bytes: Int

    init(bytes: Int) {
        self.bytes = bytes
    }

    /// The text for a default in the help.
    var defaultValueDescription: String { bytes % (1 << 20) == 0 ? "\(bytes >> 20)MiB" : "\(bytes)" }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Int] = [
            "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "kib": 1 << 10, "mib": 1 << 20,
            "gib": 1 << 30, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30,
        ]
        guard
            let number = Int(digits), let unit = units[argument.dropFirst(digits.count).lowercased()],
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit), !overflow
        else { return nil }
        self.bytes = bytes
    }
}

/// A length of time: `90s`, `30m`, `2h`, `1h30m`.
struct TimeLimit: ExpressibleByArgument, Equatable {
    let duration: Duration

    init?(argument: String) {
        var seconds = 0
        var rest = Substring(argument)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number <= 1_000_000 else { return nil }
            rest = rest.dropFirst(digits.count)
            switch rest.popFirst() {
            case "s": seconds += number
            case "m": seconds += number * 60
            case "h": seconds += number * 3600
            case "d": seconds += number * 86_400
            default: return nil
            }
        }
        duration = .seconds(seconds)
    }
}

/// How result rows are read.
enum SourceChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, api, s3, unload
}

enum NestedChoice: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

enum ProgressChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never

    /// Whether progress is shown on standard error.
    var isShown: Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: FileDescriptor.standardError.isTerminal
        }
    }
}

/// What `--format` takes: the format of the files, and with `check` also that of its answer.
enum FormatChoice: ExpressibleByArgument, Equatable {
    case file(FileFormat)
    case answer(SummaryFormat)

    init?(argument: String) {
        if let format = FileFormat(rawValue: argument) {
            self = .file(format)
        } else if let format = SummaryFormat(rawValue: argument) {
            self = .answer(format)
        } else {
            return nil
        }
    }

    /// What help and completion offer: what every command takes.
    static var allValueStrings: [String] { FileFormat.allCases.map(\.rawValue) }

    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }

    /// Nil for a format of files.
    var answer: SummaryFormat? { if case .answer(let format) = self { format } else { nil } }
}

enum SummaryFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

extension FileFormat: ExpressibleByArgument {}
extension LoaderKind: ExpressibleByArgument {}
extension WriteMode: ExpressibleByArgument {}
extension SchemaChangePolicy: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
