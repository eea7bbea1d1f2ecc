import FoundationEssentials
public import SystemPackage

/// The names in a directory.
public enum DirectoryListing {
    /// The names in byte order, without `.` and `..`; nil if there is no such directory.
    public static func names(in path: FilePath) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: path.string).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }
}
