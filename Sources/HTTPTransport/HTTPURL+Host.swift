extension Substring {
    /// Whether this is a host name, an IPv4 address, or an IPv6 address in its brackets. All of it is ASCII.
    var isHost: Bool {
        if hasPrefix("[") { return isBracketedAddress }
        var labels = split(separator: ".", omittingEmptySubsequences: false)
        // One dot at the end marks a complete name.
        if labels.count > 1, labels.last == "" { labels.removeLast() }
        guard labels.allSatisfy(\.isHostLabel), let last = labels.last else { return false }
        return !last.looksLikeNumber || (labels.count == 4 && labels.allSatisfy(\.isOctet))
    }

    /// libcurl checks the address itself; this keeps other things out of the brackets.
    private var isBracketedAddress: Bool {
        hasSuffix("]") && contains(":")
            && dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }

    private var isHostLabel: Bool {
        !isEmpty && allSatisfy { $0.isLetter || $0.isDigit || $0 == "-" || $0 == "_" }
    }

    /// In the eyes of an IPv4 reader, to which `0x7f` is one as well.
    private var looksLikeNumber: Bool {
        allSatisfy(\.isDigit) || (lowercased().hasPrefix("0x") && dropFirst(2).allSatisfy(\.isHexDigit))
    }

    /// 0 to 255 without leading zeros, which would make it octal.
    private var isOctet: Bool {
        UInt8(self).map { String($0) == self } ?? false
    }
}

extension Character {
    /// One of 0 to 9.
    var isDigit: Bool { "0"..."9" ~= self }
}
