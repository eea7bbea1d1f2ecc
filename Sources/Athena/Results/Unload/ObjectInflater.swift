import Gzip

/// Makes the text of an object out of its bytes: gzip members one after another, or the text itself where the object does
/// not begin as gzip does.
struct ObjectInflater: ~Copyable {
    private enum Form {
        case unknown, plain
        case gzip(Inflater)
    }

    private var form = Form.unknown
    /// Bytes of the object that were not taken yet, and how many of them were.
    private var input: [UInt8] = []
    private var inputOffset = 0
    /// Text on its way; one buffer for the whole object.
    private var room = [UInt8](repeating: 0, count: 256 << 10)

    /// Whether more bytes of the object are needed.
    var isHungry: Bool { inputOffset == input.count }

    /// - Parameter bytes: what comes next in the object; the first time two bytes or more, unless it has fewer.
    mutating func feed(_ bytes: [UInt8]) {
        input = bytes
        inputOffset = 0
        if case .unknown = form { form = bytes.starts(with: [0x1f, 0x8b]) ? .gzip(Inflater()) : .plain }
    }

    /// Appends some of the text; nothing only where more bytes are needed.
    ///
    /// - Throws: `GzipError` for what is not gzip behind a beginning that is.
    mutating func appendText(to output: inout [UInt8]) throws(GzipError) {
        guard case .gzip(var inflater) = form else {
            output += input[inputOffset...]
            inputOffset = input.count
            return
        }
        // Taken out while it is written to.
        var text = exchange(&room, with: [])
        var (taken, end) = (inputOffset, 0)
        while end == 0, taken < input.count {
            if inflater.isAtEnd {
                inflater = Inflater()
                form = .gzip(inflater)
            }
            var span = text.mutableSpan
            try inflater.inflate(input.span, at: &taken, into: &span, at: &end)
        }
        output += text[..<end]
        inputOffset = taken
        room = text
    }

    /// Whether an object may end here: not inside a member.
    var isComplete: Bool {
        if case .gzip(let inflater) = form { inflater.isAtEnd } else { true }
    }
}
