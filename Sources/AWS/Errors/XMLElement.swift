/// An element of an XML document, as services write them: elements and text. Attributes are passed over.
struct XMLElement: Equatable, Sendable {
    /// Without its name space.
    let name: String
    /// The text that stands directly in it, character references resolved.
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
    /// - Throws: ``XMLFault`` for what is not well-formed, and for what no service of AWS sends and readers of XML have
    ///   been fooled with: document types and their entities, comments, processing instructions, deep nesting.
    init(parsing bytes: [UInt8]) throws(XMLFault) {
        var parser = try XMLParser(bytes)
        self = try parser.document()
    }

    init(name: String) { self.name = name }
}

/// Where a text stops being XML that is read here, and why.
struct XMLFault: Error, Equatable, CustomStringConvertible {
    /// From 0.
    let offset: Int
    let reason: String

    var description: String { "byte \(offset): \(reason)" }
}
