import Digest
import Files
import Gzip

extension BatchDifference {
    fileprivate init(of failure: ConfinedFile.Failure, at path: String) {
        switch failure {
        case .missing: self.init(path, .missing, "the manifest lists it, but it does not exist")
        case .notAFile: self.init(path, .notAFile, "a link, directory or device stands there or on the way")
        case .unreadable(let error): self.init(path, unreadable: error)
        }
    }
}

/// The text of a batch's file, read once and in order: hashed, decompressed, and compared with the manifest.
///
/// Memory is bounded whatever the file contains: reading stops at the manifest's `bytes` and at one byte beyond its
/// `uncompressed_bytes`.
struct BatchText: ~Copyable {
    /// The differences so far.
    private(set) var differences: [BatchDifference] = []
    /// Bytes of text so far.
    private(set) var count = 0
    /// Compressed bytes so far.
    private(set) var bytesRead = 0

    private let listed: ListedFile
    private let file: ConfinedFile
    private var digest = SHA256()
    private let inflater = Inflater()
    private var input: [UInt8] = []
    private var inputOffset = 0
    private var isBroken = false

    private static let inputBytes = 128 << 10

    /// - Throws: the difference that there is no such file.
    init(_ listed: ListedFile, in directory: ExportDirectory) throws(BatchDifference) {
        self.listed = listed
        do throws(ConfinedFile.Failure) {
            file = try ConfinedFile(listed.path, below: directory.path)
        } catch {
            throw BatchDifference(of: error, at: listed.path)
        }
        if file.size != listed.bytes { note(.bytes, "the manifest says \(listed.bytes), the file has \(file.size)") }
    }

    mutating func note(_ check: BatchDifference.Check, _ detail: String) {
        differences.append(BatchDifference(listed.path, check, detail))
    }

    /// Fills `text` from `start` on.
    ///
    /// - Returns: the end of what was filled: short of the end only where the text ends or cannot be read on.
    mutating func fill(_ text: inout [UInt8], from start: Int) -> Int {
        var end = start
        while end < text.count, !isBroken, !inflater.isAtEnd {
            if inputOffset == input.count, !readInput() { break }
            do throws(GzipError) {
                var output = text.mutableSpan
                var offset = inputOffset
                defer { inputOffset = offset }
                try inflater.inflate(input.span, at: &offset, into: &output, at: &end)
            } catch {
                isBroken = true
                note(.gzip, "\(error), before byte \(bytesRead)")
            }
        }
        count += end - start
        if count > listed.uncompressedBytes {
            isBroken = true
            note(.uncompressedBytes, "the manifest says \(listed.uncompressedBytes), the text is longer")
            end -= count - listed.uncompressedBytes
        }
        return end
    }

    /// The bytes that may follow by the manifest, and one more, which shows that the text is too long.
    var room: Int { max(0, listed.uncompressedBytes - count) + 1 }

    /// Whether the text was read to its proper end.
    var isComplete: Bool { inflater.isAtEnd && !isBroken }

    /// Reads the rest of the file without its text, compares the digest, and returns all differences.
    consuming func finishUnread() -> [BatchDifference] {
        isBroken = true
        return finish()
    }

    /// Reads the rest of the file, compares the whole with the manifest, and returns all differences.
    consuming func finish() -> [BatchDifference] {
        if isComplete {
            if count != listed.uncompressedBytes {
                note(.uncompressedBytes, "the manifest says \(listed.uncompressedBytes), the text has \(count)")
            }
            noteTrailingBytes()
        } else if !isBroken {
            note(.gzip, "the file ends inside the gzip member")
        }
        // A file of another size has another digest, so the size alone is reported.
        guard file.size == listed.bytes else { return differences }
        while bytesRead < file.size, readInput() {}
        guard !differences.contains(where: { $0.check == .unreadable }) else { return differences }
        let (path, expected) = (listed.path, listed.sha256)
        var differences = differences
        let found = digest.finalize().hexadecimal
        if found != expected {
            differences.append(
                BatchDifference(path, .sha256, "the manifest says \(expected), the file has \(found)"))
        }
        return differences
    }

    private mutating func noteTrailingBytes() {
        let behind = file.size - bytesRead + input.count - inputOffset
        guard behind > 0 else { return }
        if inputOffset == input.count { _ = readInput() }
        let isMember = inputOffset + 1 < input.count && input[inputOffset] == 0x1f && input[inputOffset + 1] == 0x8b
        let bytes = behind == 1 ? "1 byte follows" : "\(behind) bytes follow"
        note(.gzip, isMember ? "another gzip member follows" : "\(bytes) the gzip member")
    }

    private mutating func readInput() -> Bool {
        do throws(FileError) {
            input = try file.read(upTo: Self.inputBytes)
        } catch {
            isBroken = true
            input = []
            differences.append(BatchDifference(listed.path, unreadable: error))
        }
        inputOffset = 0
        bytesRead += input.count
        digest.update(input)
        return !input.isEmpty
    }
}
