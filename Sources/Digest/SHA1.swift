internal import CCrypto

/// SHA-1, for names of files that other programs compute with it. Nothing here relies on it for security.
package enum SHA1 {
    /// The digest of a text's UTF-8, as 40 lower-case hexadecimal digits.
    package static func hex(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        let status = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha1(), nil)
        precondition(status == 1, "EVP_Digest failed")
        return digest.hexadecimal
    }
}
