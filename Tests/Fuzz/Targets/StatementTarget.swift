@testable import Athena

extension FuzzTarget {
    /// Statements that are to stand inside of another one, compared with a model that walks byte by byte.
    static let statement = FuzzTarget("statement") { input in
        guard input.count <= 4096, let text = input.utf8Text else { return }
        let inner = try? InnerStatement(text)
        let model = StatementModel(input)
        try promise(inner == nil || model.isWhole, "only one closed statement stands in another one")
        guard let inner else { return }
        try promise(inner.text == model.text, "the statement is as it was, without the semicolons around it")
        try promise(try InnerStatement(inner.text) == inner, "a statement that was taken is taken again")
        let select = OuterSelect(around: inner, forms: [.text, .nested])
        try promise(OuterSelect.innerStatement(of: select.text) == inner, "the SELECT around it gives it back")
        let unload = UnloadStatement(of: inner, forms: [.text], target: "s3://bucket/it's/")
        let parts = UnloadStatement.parts(of: unload.text)
        try promise(parts?.statement == inner && parts?.target == "s3://bucket/it's/", "the UNLOAD gives it back")
        try promise(StatementModel(Array(select.text.utf8)).isWhole, "nothing of it reaches out of its parentheses")
    }
}

/// A statement read slowly: one byte after another, with the state before it.
private struct StatementModel {
    private(set) var text = ""
    /// One statement, with quotations, comments and parentheses closed, and something in it.
    private(set) var isWhole = false

    private enum Place: Equatable {
        case outside, line, block
        case quotation(UInt8)
    }

    init(_ bytes: [UInt8]) {
        var place = Place.outside
        var (depth, lowest, semicolons, index) = (0, 0, 0, 0)
        var kept: [UInt8] = []
        var (hasBegun, hasMore) = (false, false)
        func keep(_ count: Int) {
            if !hasBegun || semicolons == 0 { kept += bytes[index..<index + count] }
            index += count
        }
        func begin() {
            if semicolons > 0, hasBegun { hasMore = true }
            hasBegun = true
        }
        while index < bytes.count {
            let rest = bytes[index...]
            switch place {
            case .quotation(let mark):
                if bytes[index] == mark { place = .outside }
                keep(1)
            case .line:
                if bytes[index] == 0x0a || bytes[index] == 0x0d { place = .outside } else { keep(1) }
            case .block:
                let ends = rest.starts(with: "*/".utf8)
                if ends { place = .outside }
                keep(ends ? 2 : 1)
            case .outside where rest.starts(with: "--".utf8):
                place = .line
                keep(2)
            case .outside where rest.starts(with: "/*".utf8):
                place = .block
                keep(2)
            case .outside where bytes[index] == UInt8(ascii: ";"):
                if hasBegun { semicolons += 1 } else { kept = [] }
                index += 1
            case .outside:
                let byte = bytes[index]
                if "'\"`".utf8.contains(byte) { place = .quotation(byte) }
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                lowest = min(lowest, depth)
                if byte != 0x20, !(0x09...0x0d).contains(byte) { begin() }
                keep(1)
            }
        }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        while kept.last.map(isBlank) == true { kept.removeLast() }
        while kept.first.map(isBlank) == true { kept.removeFirst() }
        text = String(decoding: kept, as: UTF8.self)
        isWhole = hasBegun && !hasMore && depth == 0 && lowest == 0 && (place == .outside || place == .line)
    }
}
