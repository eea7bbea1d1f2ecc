package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension FilePath {
    /// The path itself, or the nearest directory above it that exists: where what is missing would be made.
    package var nearestExisting: FilePath { existingAncestors.first ?? self }

    /// The error of making this directory and those above it that are missing, or of making a file in it if it exists;
    /// nil if this user may.
    package var directoryError: Errno? {
        // The system does not look at the names behind one that is missing.
        if components.contains(where: { $0.string.utf8.count > Int(NAME_MAX) }) { return .fileNameTooLong }
        var path = self
        while !(path.isEmpty ? "." : path).isTaken, path.removeLastComponent() {}
        let place = path.isEmpty ? "." : path
        do throws(Errno) {
            _ = try POSIX.status(at: place)
        } catch {
            return error
        }
        return place.writeError
    }

    /// The error of making a file in this directory; nil if this user may make one.
    private var writeError: Errno? {
        guard isDirectory else { return .notDirectory }
        return access(string, W_OK | X_OK) == 0 ? nil : Errno(rawValue: errno)
    }

    /// Bytes of the file system that this user may still fill; nil if it does not say.
    package var freeBytes: Int? {
        var status = statvfs()
        guard withPlatformString({ statvfs($0, &status) }) == 0 else { return nil }
        let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }
}
