import Foundation
import ProcessLimits
import SystemPackage
import Testing
import TestSupport

@Suite struct `The cores that a process may use` {
    private static func quota(_ group: String, _ files: [FilePath: String]) -> Int? {
        UsableCores.quota(groups: group, read: { files[$0] })
    }

    @Test(
        arguments: [
            ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1), ("max 100000\n", nil), ("", nil),
            ("0 0", nil), ("x y", nil), ("100000", nil), ("9223372036854775807 1", Int.max),
        ] as [(String, Int?)])
    func `a quota is worth its cores, rounded up`(_ text: String, _ cores: Int?) {
        #expect(Self.quota("0::/\n", ["/sys/fs/cgroup/cpu.max": text]) == cores)
    }

    @Test func `the lowest quota of the group and those above it holds`() {
        let files: [FilePath: String] = [
            "/sys/fs/cgroup/pods/cpu.max": "300000 100000", "/sys/fs/cgroup/pods/a/cpu.max": "max 100000",
        ]
        #expect(Self.quota("5:cpu:/\n0::/pods/a\n", files) == 3)
        #expect(Self.quota("0::/pods\n", files) == 3 && Self.quota("0::/other\n", files) == nil)
        #expect(Self.quota("5:cpu:/pods\n", files) == nil && Self.quota("", files) == nil)
    }

    @Test func `there is at least one core, and no more than the machine has`() {
        #expect(1...max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) ~= UsableCores.count)
    }
}
