/// Rows of a result as one buffer of bytes and the place of every cell in it.
///
/// The hinge of the data path: parsers fill it, encoders read it, and neither makes a string or an array for a cell.
/// Every row has `columnCount` cells.
///
/// It is public for speed: conformances of a package type are not inlined in other modules, and an export of which every
/// cell asks for them takes half as long again.
public struct RowBlock: Sendable {
    public let bytes: [UInt8]
    /// Row by row.
    public let cells: [Cell]
    public let columnCount: Int
    /// Whether any cell contains what no loader takes. Most blocks have none, so their cells need not be checked.
    public let hasUnloadableCells: Bool

    /// Where a cell's text stands, in UTF-8, and what a parser noticed about it.
    public struct Cell: Sendable {
        public let start: UInt32
        public let count: UInt32
        public let traits: Traits

        @inlinable
        public init(start: Int, count: Int, traits: Traits = []) {
            self.start = UInt32(start)
            self.count = UInt32(count)
            self.traits = traits
        }

        @inlinable public static var null: Cell { Cell(start: 0, count: 0, traits: .null) }

        @inlinable
        public var isNull: Bool { traits.contains(.null) }

        @inlinable
        public var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
    }

    public struct Traits: OptionSet, Sendable {
        public let rawValue: UInt8

        @inlinable
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// SQL NULL; the cell has no bytes.
        @inlinable public static var null: Traits { Traits(rawValue: 1) }
        /// The text holds U+0000.
        @inlinable public static var nul: Traits { Traits(rawValue: 2) }
        /// The text holds half a surrogate pair, written as the three bytes of UTF-8's scheme.
        @inlinable public static var loneSurrogate: Traits { Traits(rawValue: 4) }
        /// No byte of the text needs an escape in JSON.
        @inlinable public static var plainJSON: Traits { Traits(rawValue: 8) }
        /// The text is not empty and holds no comma, quote, backslash or control character, so it can stand bare in CSV
        /// unless it is blank or begins with U+FEFF.
        @inlinable public static var plainCSV: Traits { Traits(rawValue: 16) }
    }

    /// - Parameter cells: a whole number of rows.
    public init(bytes: [UInt8], cells: [Cell], columnCount: Int, hasUnloadableCells: Bool) {
        precondition(columnCount > 0 ? cells.count % columnCount == 0 : cells.isEmpty, "cells fill whole rows")
        self.bytes = bytes
        self.cells = cells
        self.columnCount = columnCount
        self.hasUnloadableCells = hasUnloadableCells
    }

    public var rowCount: Int { columnCount == 0 ? 0 : cells.count / columnCount }

    /// The cells of a row, as indices into ``cells``.
    @inlinable
    public func cellIndices(ofRow row: Int) -> Range<Int> {
        row * columnCount..<(row + 1) * columnCount
    }
}
