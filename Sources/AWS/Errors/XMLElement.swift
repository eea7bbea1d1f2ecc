/// An element of an XML document, as services write them: child elements and text. Attributes are ignored.
struct XMLElement: Equatable, Sendable {
    /// Without its name space.
    let name: String
    /// The text directly in it, with character references resolved.
    var text = ""
    var children: [XMLElement] = []

    /// The first child of that name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// A child's text; nil if there is no such child, or nothing in it.
    func text(of name: String) -> String? {
        guard let text = self[name]?.text, !text.isEmpty else { return nil }
        return text
    }

    /// Reads a whole document.
    ///
    /// - Throws: ``XMLFault`` for a document that is not well-formed, and for features that AWS never sends and that
    ///   are known attacks on XML readers: document types with entities, comments, processing instructions, deep
    ///   nesting.
    /// - Parameter limit: in bytes.
    init(parsing bytes: [UInt8], limit: Int = XMLParser.maximumBytes) throws(XMLFault) {
        var parser = try XMLParser(bytes, limit: limit)
        self = try parser.document()
    }

    init(name: String) { self.name = name }
}

/// Where an XML document is invalid or not supported, and why.
struct XMLFault: Error, Equatable, CustomStringConvertible {
    /// From 0.
    let offset: Int
    let reason: String

    var description: String { "byte \(offset): \(reason)" }
}
