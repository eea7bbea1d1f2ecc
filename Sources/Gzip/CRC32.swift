internal import CZlib

#if arch(x86_64)
    internal import CVector
#endif

/// The check value of gzip (RFC 1952), and how two of them become that of the joined bytes.
enum CRC32 {
    /// By zlib; where the processor has an instruction for it, in a third of the time.
    static func of(_ bytes: [UInt8]) -> UInt32 {
        #if arch(x86_64)
            if canFold, bytes.count >= foldedCount { return folding(bytes) }
        #endif
        return byTables(bytes[...])
    }

    static func combine(_ first: UInt32, _ second: UInt32, secondCount: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), secondCount))
    }

    /// - Parameter start: the value of what stands before the bytes.
    static func byTables(_ bytes: ArraySlice<UInt8>, after start: UInt32 = 0) -> UInt32 {
        if bytes.isEmpty { return start }
        return bytes.withUnsafeBufferPointer {
            UInt32(truncatingIfNeeded: crc32_z(UInt(start), $0.baseAddress, $0.count))
        }
    }

    #if arch(x86_64)
        private static let canFold = cvector_can_fold_crc32() != 0
        private static let foldedCount = 64

        /// Most of the bytes are made sixteen with the same remainder.
        private static func folding(_ bytes: [UInt8]) -> UInt32 {
            let count = bytes.count / foldedCount * foldedCount
            var folded = [UInt8](repeating: 0, count: 16)
            bytes.withUnsafeBufferPointer { cvector_fold_crc32($0.baseAddress, count, &folded) }
            // zlib takes and gives values inverted; the first one is in the folded bytes already.
            return byTables(bytes[count...], after: byTables(folded[...], after: .max))
        }
    #endif
}
