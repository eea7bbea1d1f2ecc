extension [UInt8] {
    /// Appends the bytes of a range of a span.
    @inlinable
    public mutating func append(copying source: Span<UInt8>, in range: Range<Int>) {
        let part = source.extracting(range)
        // The pointer does not leave the closure, and the span checks the range.
        unsafe part.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
