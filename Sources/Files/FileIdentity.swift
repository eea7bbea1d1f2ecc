public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a path leads to, however it is spelt: links, `..`, a second name or another case lead to the same identity.
public struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// - Returns: nil if nothing is there.
    public init?(_ path: FilePath) {
        guard let status = try? POSIX.status(at: path) else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }
}

extension FilePath {
    /// Whether the path is a directory or lies in it, however the two are spelt.
    ///
    /// Neither has to be there. Names that are missing are compared without case, as some file systems do it.
    public func isInside(_ directory: FilePath) -> Bool {
        let own = anchored
        let other = directory.anchored
        guard let identity = FileIdentity(other.place) else { return false }
        if other.missing.isEmpty { return own.ancestors.contains { FileIdentity($0) == identity } }
        guard FileIdentity(own.place) == identity else { return false }
        return own.missing.map { $0.lowercased() }.starts(with: other.missing.map { $0.lowercased() })
    }

    /// The path and the directories that it lies in, as far as they are there: nearest first, absolute, without links.
    public var existingAncestors: [FilePath] { anchored.ancestors }

    private struct Anchored {
        /// The part of the path that is there, resolved.
        let place: FilePath
        /// The names behind it.
        let missing: [String]

        var ancestors: [FilePath] {
            var ancestors = [place]
            var path = place
            while path.removeLastComponent() { ancestors.append(path) }
            return ancestors
        }
    }

    private var anchored: Anchored {
        var place = self
        var missing: [String] = []
        while true {
            if let resolved = (place.isEmpty ? "." : place).resolved {
                guard missing.contains(where: { $0 == ".." || $0 == "." }) else {
                    return Anchored(place: resolved, missing: missing)
                }
                // A directory that is made on the way leads back by `..`, to what may be there.
                return resolved.appending(missing.map { FilePath.Component($0) ?? "." }).lexicallyNormalized().anchored
            }
            guard let name = place.lastComponent else { return Anchored(place: place, missing: missing) }
            missing.insert(name.string, at: 0)
            place.removeLastComponent()
        }
    }
}
