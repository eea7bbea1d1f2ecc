extension StringProtocol {
    /// Text from outside, safe in a message: characters that could steer a terminal or begin a line are shown by number
    /// (CWE-150), and long text is cut.
    public func shown(limit: Int) -> String {
        var output = ""
        for scalar in unicodeScalars.prefix(limit) {
            if scalar.steersTerminals {
                output += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                output.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.dropFirst(limit).isEmpty ? output : output + "…"
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1 controls, line and paragraph separators, and marks that change the direction of writing.
    public var steersTerminals: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0, 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}
