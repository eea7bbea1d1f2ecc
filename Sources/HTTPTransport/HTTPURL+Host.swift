import Text

extension Substring.UTF8View {
    /// Whether this is a host name, an IPv4 address, or an IPv6 address in its brackets. All of it is ASCII.
    var isHost: Bool {
        if first == UInt8(ascii: "[") { return isBracketedAddress }
        var labels = split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // One dot at the end marks a complete name.
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        guard labels.allSatisfy(\.isHostLabel), let last = labels.last else { return false }
        return !last.looksLikeNumber || (labels.count == 4 && labels.allSatisfy(\.isOctet))
    }

    /// libcurl checks the address itself; this refuses other characters in the brackets.
    private var isBracketedAddress: Bool {
        last == UInt8(ascii: "]") && contains(.colon)
            && dropFirst().dropLast().allSatisfy {
                $0.isHexadecimalDigit || $0 == .colon || $0 == UInt8(ascii: ".")
            }
    }

    private var isHostLabel: Bool {
        !isEmpty && allSatisfy { $0.isASCIIAlphanumeric || $0 == .minus || $0 == .underscore }
    }

    /// Whether a parser of IPv4 addresses takes this for a number; `0x7f` is one too.
    private var looksLikeNumber: Bool {
        allSatisfy(\.isDigit)
            || (first == UInt8(ascii: "0") && dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
                && dropFirst(2).allSatisfy(\.isHexadecimalDigit))
    }

    /// 0 to 255 without leading zeros, which would make it octal.
    private var isOctet: Bool {
        allSatisfy(\.isDigit) && (count == 1 || first != UInt8(ascii: "0")) && UInt8(Substring(self)) != nil
    }
}
