import ArgumentParser
import Clock
import JSON
import Logging
import Text

/// The format of log lines on standard error.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// Writes log events as lines: as text, or as one JSON object each, with the event's stable name as `event`.
struct ConsoleLogHandler: LogHandler {
    let console: Console
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
            .sorted { $0.key < $1.key }
        let now = Timestamp.now().iso8601
        switch format {
        case .text:
            let suffix = fields.filter { $0.key != "event" }.map { " \($0.key)=\("\($0.value)".shown(limit: 2000))" }
                .joined()
            console.writeLine(
                "\(now) \(event.level.rawValue): \(event.message.description.shown(limit: 2000))\(suffix)")
        case .json:
            var object: JSONObject = [
                "time": .string(now), "level": .string(event.level.rawValue),
                "message": .string(event.message.description.shown(limit: 2000)),
            ]
            // Metadata may have the name of a standard field, which it must not replace.
            for (key, value) in fields {
                object[object[key] == nil ? key : "metadata_\(key)"] = Self.json(value)
            }
            console.writeLine(JSONValue.object(object).terminalText(pretty: false))
        }
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .stringConvertible(let number as Int): .integer(number)
        case .stringConvertible(let number as Double): .decimal(number, digits: 3)
        default: .string("\(value)".shown(limit: 2000))
        }
    }
}
