import Text

/// Reads XML without recursion, so that no answer can exhaust the stack.
struct XMLParser {
    private let bytes: [UInt8]
    private var position = 0
    /// The open elements, the innermost last.
    private var open: [(element: XMLElement, qualifiedName: ArraySlice<UInt8>)] = []

    static let maximumDepth = 32
    /// Answers of STS and errors of S3 have a few kilobytes.
    static let maximumBytes = 1 << 20

    init(_ bytes: [UInt8], limit: Int = XMLParser.maximumBytes) throws(XMLFault) {
        self.bytes = bytes
        guard bytes.count <= limit else { throw fault("it has more than \(limit) bytes") }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw fault("it is not UTF-8") }
        if let control = bytes.firstIndex(where: { $0 < .space && !$0.isASCIIBlankOrLineEnd }) {
            throw XMLFault(offset: control, reason: "a control character")
        }
    }

    mutating func document() throws(XMLFault) -> XMLElement {
        if starts(with: "\u{feff}") { position += 3 }
        if starts(with: "<?xml") { try skipDeclaration() }
        while true {
            if open.isEmpty { skipBlanks() }
            guard let next = peek() else { throw fault("it ends too early") }
            guard next == UInt8(ascii: "<") else {
                try readText()
                continue
            }
            if starts(with: "</") {
                if let root = try closeElement() {
                    skipBlanks()
                    guard position == bytes.count else { throw fault("there is something after the document") }
                    return root
                }
            } else if starts(with: "<!") || starts(with: "<?") {
                throw fault("a document type, comment, CDATA section or processing instruction")
            } else if let root = try openElement() {
                skipBlanks()
                guard position == bytes.count else { throw fault("there is something after the document") }
                return root
            }
        }
    }

    private mutating func skipDeclaration() throws(XMLFault) {
        guard let end = bytes[position...].firstRange(of: Array("?>".utf8)) else { throw fault("it ends too early") }
        position = end.upperBound
    }
}

// MARK: - Elements

extension XMLParser {
    /// - Returns: the document's element if this is it, and it is empty.
    private mutating func openElement() throws(XMLFault) -> XMLElement? {
        position += 1
        let name = try readName()
        try skipAttributes()
        guard open.count < Self.maximumDepth else { throw fault("elements are nested too deeply") }
        let local = name.split(separator: UInt8(ascii: ":")).last ?? name
        let element = XMLElement(name: String(decoding: local, as: UTF8.self))
        if starts(with: "/>") {
            position += 2
            return add(element)
        }
        try expect(">")
        open.append((element, name))
        return nil
    }

    /// - Returns: the document's element if this was its end.
    private mutating func closeElement() throws(XMLFault) -> XMLElement? {
        position += 2
        let name = try readName()
        guard let innermost = open.popLast(), innermost.qualifiedName == name else {
            throw fault("an end tag that ends nothing")
        }
        skipBlanks()
        try expect(">")
        return add(innermost.element)
    }

    private mutating func add(_ element: XMLElement) -> XMLElement? {
        guard !open.isEmpty else { return element }
        open[open.count - 1].element.children.append(element)
        return nil
    }

    private mutating func skipAttributes() throws(XMLFault) {
        while true {
            let start = position
            skipBlanks()
            guard let next = peek() else { throw fault("it ends too early") }
            if next == UInt8(ascii: ">") || next == UInt8(ascii: "/") { return }
            guard position > start else { throw fault("no blank before an attribute") }
            _ = try readName()
            skipBlanks()
            try expect("=")
            skipBlanks()
            guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let end = bytes[(position + 1)...].firstIndex(of: quote),
                !bytes[position..<end].contains(UInt8(ascii: "<"))
            else { throw fault("an attribute without a quoted value") }
            position = end + 1
        }
    }

    private mutating func readName() throws(XMLFault) -> ArraySlice<UInt8> {
        let name = bytes[position...].prefix { $0.isXMLNameCharacter }
        // A prefix is a name, and so is what comes after it.
        let parts = name.split(separator: UInt8(ascii: ":"))
        guard !name.isEmpty, parts.allSatisfy({ $0.first?.mayBeginXMLName ?? false }) else { throw fault("no name") }
        position = name.endIndex
        return name
    }
}

// MARK: - Text

extension XMLParser {
    private mutating func readText() throws(XMLFault) {
        guard !open.isEmpty else { throw fault("text outside of the document's element") }
        let run = bytes[position...].prefix { $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "&") }
        open[open.count - 1].element.text += String(decoding: run, as: UTF8.self)
        position = run.endIndex
        if peek() == UInt8(ascii: "&") { try readReference() }
    }

    private mutating func readReference() throws(XMLFault) {
        // The longest is &#x10FFFF;
        let window = bytes[(position + 1)...].prefix(10)
        guard let end = window.firstIndex(of: UInt8(ascii: ";")) else { throw fault("an & that begins no reference") }
        let name = String(decoding: window[..<end], as: UTF8.self)
        guard let scalar = Self.scalar(name) else { throw fault("an unknown character reference") }
        open[open.count - 1].element.text.unicodeScalars.append(scalar)
        position = end + 1
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        let isHexadecimal = name.hasPrefix("#x")
        let digits = name.dropFirst(isHexadecimal ? 2 : 1)
        // Digits alone: UInt32 would accept a sign as well.
        guard name.hasPrefix("#"), digits.utf8.allSatisfy({ $0.isASCIIAlphanumeric }),
            let scalar = UInt32(digits, radix: isHexadecimal ? 16 : 10).flatMap(Unicode.Scalar.init),
            scalar.value >= 0x20 || (scalar.value < 0x20 && UInt8(scalar.value).isASCIIBlankOrLineEnd),
            scalar.value != 0xfffe, scalar.value != 0xffff
        else { return nil }
        return scalar
    }
}

// MARK: - Bytes

extension XMLParser {
    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func expect(_ text: String) throws(XMLFault) {
        guard starts(with: text) else { throw fault("no \(text) where one belongs") }
        position += text.utf8.count
    }

    private mutating func skipBlanks() {
        while let next = peek(), next.isASCIIBlankOrLineEnd { position += 1 }
    }

    private func fault(_ reason: String) -> XMLFault { XMLFault(offset: position, reason: reason) }
}

extension UInt8 {

    fileprivate var mayBeginXMLName: Bool {
        isXMLNameCharacter && !isDigit && self != UInt8(ascii: "-") && self != UInt8(ascii: ".")
    }

    /// All bytes of other scripts are accepted.
    fileprivate var isXMLNameCharacter: Bool { isASCIIAlphanumeric || self >= 0x80 || "_-.:".utf8.contains(self) }
}
