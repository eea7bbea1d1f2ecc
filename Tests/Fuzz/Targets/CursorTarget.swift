import BatchExport

@testable import Athena

extension FuzzTarget {
    /// A statement with `{cursor}` in it, and a typed value.
    static let cursor = FuzzTarget("cursor") { input in
        let text = String(decoding: input, as: UTF8.self)
        let template = CursorTemplate(text)
        let sent = CursorTemplate(template.statement)
        try promise(!sent.hasPlaceholder, "no placeholder is sent")
        let given = (0..<template.markCount).map { "\($0)" }
        let parameters = template.parameters(given, cursor: "cursor")
        try promise(parameters.count == sent.markCount, "each mark that is sent has its parameter")
        try promise(parameters.filter { $0 != "cursor" } == given, "parameters keep their order")
        try promise(
            template.hasPlaceholder || template.statement == text, "a statement without a placeholder is left alone")

        guard let value = CursorValue(given: text) else { return }
        try promise(CursorValue(given: value.sqlLiteral) == value, "a value that is sent reads back")
        // Every typed value is one literal: only a text follows a quote.
        let around = CursorTemplate("\(value.sqlLiteral){cursor}")
        try promise(around.markCount == 0 && around.hasPlaceholder, "a literal ends where it ends")
    }
}
