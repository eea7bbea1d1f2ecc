internal import CZlib

#if arch(x86_64)
    internal import CVector
#endif

/// The check value of gzip (RFC 1952).
enum CRC32 {
    /// The check value: by zlib, or with carry-less multiplication where the processor has it, in a third of the time.
    static func of(_ bytes: [UInt8]) -> UInt32 {
        #if arch(x86_64)
            if canFold, bytes.count >= foldedCount { return folding(bytes) }
        #endif
        return byTables(bytes[...])
    }

    /// The check value of two byte strings joined, from those of each.
    static func combine(_ first: UInt32, _ second: UInt32, secondCount: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), secondCount))
    }

    /// - Parameter start: the check value of the bytes before these.
    static func byTables(_ bytes: ArraySlice<UInt8>, after start: UInt32 = 0) -> UInt32 {
        if bytes.isEmpty { return start }
        return bytes.withUnsafeBufferPointer {
            UInt32(truncatingIfNeeded: crc32_z(UInt(start), $0.baseAddress, $0.count))
        }
    }

    #if arch(x86_64)
        private static let canFold = cvector_can_fold_crc32() != 0
        private static let foldedCount = 64

        /// Folds all whole 64-byte blocks into 16 bytes of equal CRC; zlib does the rest.
        private static func folding(_ bytes: [UInt8]) -> UInt32 {
            let count = bytes.count / foldedCount * foldedCount
            var folded = [UInt8](repeating: 0, count: 16)
            bytes.withUnsafeBufferPointer { cvector_fold_crc32($0.baseAddress, count, &folded) }
            // The inverted start value, all ones, is in the folded bytes already. zlib inverts its argument, so all
            // ones make it start from zero.
            return byTables(bytes[count...], after: byTables(folded[...], after: .max))
        }
    #endif
}
