import CGlibc
package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The cores that this process may use: in a container often fewer than the machine has.
package enum UsableCores {
    /// The machine's cores, less those that `taskset` or a cpuset excludes, and no more than the quota of the control group
    /// pays for (Linux, `Documentation/admin-guide/cgroup-v2.rst`, `cpu.max`). At least 1.
    package static let count: Int = {
        let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let allowed = Int(cglibc_cores_of_affinity())
        return max(1, [online, allowed > 0 ? allowed : online, quota() ?? online].min() ?? 1)
    }()

    /// - Parameters:
    ///   - groups: the content of `/proc/self/cgroup`.
    ///   - read: gives the text of a file; nil if there is none.
    /// - Returns: the lowest quota of the process's group and those above it, in cores; nil without one.
    package static func quota(
        groups: String? = text(of: "/proc/self/cgroup"), read: (FilePath) -> String? = { text(of: $0) }
    ) -> Int? {
        guard let line = groups?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let root = FilePath("/sys/fs/cgroup")
        var group = root.appending(FilePath(String(line.dropFirst(4))).components)
        var quotas: [Int] = []
        while true {
            quotas += read(group.appending("cpu.max")).flatMap { cores(of: $0) }.map { [$0] } ?? []
            guard group != root, group.removeLastComponent() else { return quotas.min() }
        }
    }

    /// `200000 100000` is 2 cores, `max 100000` is no quota.
    private static func cores(of text: String) -> Int? {
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
            return nil
        }
        return (quota - 1) / period + 1
    }

    package static func text(of path: FilePath) -> String? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        guard let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
