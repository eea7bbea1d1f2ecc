import Glibc
import JSON

/// The machine of the figures, without which they mean little.
struct Machine {
    let processor: String
    let cores: Int
    let isVirtual: Bool
    let system: String
    /// The load when measuring began: processes that ran or were ready to run, on average over a minute.
    let load: Double

    static func current() -> Machine {
        var loads = [0.0]
        getloadavg(&loads, 1)
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return Machine(
            processor: processorField("model name") ?? "unknown processor", cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            isVirtual: processorField("flags")?.split(separator: " ").contains("hypervisor") ?? false,
            system: "Linux \(release)", load: loads[0])
    }

    var description: String {
        "\(cores) core\(cores == 1 ? "" : "s") of \(processor)\(isVirtual ? ", virtual machine" : ""), \(system), "
            + "load \(load.text(digits: 1))"
    }

    var json: JSONValue {
        [
            "processor": .string(processor), "cores": .integer(cores), "virtual": .bool(isVirtual),
            "system": .string(system), "load": .decimal(load, digits: 2),
        ]
    }

    private static func processorField(_ name: String) -> String? {
        guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let line else { break }
            let parts = String(cString: line).split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].prefix(while: { $0 != "\t" }) == name {
                return String(parts[1].drop { $0 == " " }.prefix { $0 != "\n" })
            }
        }
        return nil
    }
}
