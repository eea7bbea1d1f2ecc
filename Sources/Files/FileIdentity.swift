package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a path leads to, in any spelling: links, `..`, a second name or another case give the same identity.
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// - Returns: nil if nothing is there.
    package init?(_ path: FilePath) {
        guard let status = try? POSIX.status(at: path) else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }
}

extension FilePath {
    /// Whether the path is the directory or lies in it, in any spelling.
    ///
    /// Neither must exist. Missing names are compared without case, as some file systems do.
    package func isInside(_ directory: FilePath) -> Bool {
        let own = anchored
        let other = directory.anchored
        guard let identity = FileIdentity(other.place) else { return false }
        if other.missing.isEmpty { return own.ancestors.contains { FileIdentity($0) == identity } }
        guard FileIdentity(own.place) == identity else { return false }
        return own.missing.map { $0.lowercased() }.starts(with: other.missing.map { $0.lowercased() })
    }

    /// The existing directories above the path, and the path itself if it exists: nearest first, absolute, without
    /// links.
    package var existingAncestors: [FilePath] { anchored.ancestors }

    private struct Anchored {
        /// The part of the path that exists, resolved.
        let place: FilePath
        /// The names behind it, which do not exist.
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
                // After a directory that does not exist, `..` can lead to an existing one.
                return resolved.appending(missing.map { FilePath.Component($0) ?? "." }).lexicallyNormalized().anchored
            }
            guard let name = place.lastComponent else { return Anchored(place: place, missing: missing) }
            missing.insert(name.string, at: 0)
            place.removeLastComponent()
        }
    }
}
