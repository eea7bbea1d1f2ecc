import JSON

/// All measurements, as text and as JSON.
struct Report {
    let machine: Machine
    /// ISO 8601, UTC.
    let date: String
    let groups: [Group]

    /// Measurements of one content; ratios compare within it.
    struct Group {
        let title: String
        let measurements: [Measurement]

        fileprivate var compressors: [Measurement] { measurements.filter { $0.compressor != nil } }
    }

    /// Lines of columns; a ratio of 1.25 means: takes 1.25 times as long.
    var table: String {
        var text = "\(date), \(machine.description)\n"
        for group in groups {
            let ratios = group.compressors
            let titles = ["seconds", "rows/s", "MB/s", "CPU s", "peak MB"] + ratios.map { "/ \($0.shortName)" }
            var lines = [[group.title] + titles]
            var failures: [String] = []
            for measurement in group.measurements {
                if let failure = measurement.failure {
                    failures.append("\(measurement.name): \(failure)")
                } else {
                    lines.append(measurement.cells + ratios.map { measurement.ratio(to: $0)?.text(digits: 2) ?? "" })
                }
            }
            text += "\n" + Self.aligned(lines) + failures.map { $0 + "\n" }.joined()
        }
        return text
    }

    var json: JSONValue {
        [
            "date": .string(date), "machine": machine.json,
            "groups": .array(
                groups.map { group in
                    [
                        "title": .string(group.title),
                        "measurements": .array(group.measurements.map { $0.json(beside: group.compressors) }),
                    ]
                }),
        ]
    }

    /// The first column to the left, figures to the right.
    private static func aligned(_ lines: [[String]]) -> String {
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            cells.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - cells[column].count)
                return column == 0 ? cells[column] + padding : padding + cells[column]
            }.joined(separator: "  ") + "\n"
        }.joined()
    }
}

extension Measurement {
    fileprivate var shortName: String { compressor?.name ?? name }

    private var megabytesPerSecond: Double? { bytes.map { Double($0) / 1e6 / seconds } }

    fileprivate var cells: [String] {
        [
            shortName, seconds.text(digits: 3), (Double(rows) / seconds).text(digits: 0),
            megabytesPerSecond?.text(digits: 1) ?? "", cpuSeconds.text(digits: 2),
            peakBytes.map { (Double($0) / 1e6).text(digits: 1) } ?? "",
        ]
    }

    fileprivate func json(beside compressors: [Measurement]) -> JSONValue {
        var object: JSONObject = ["name": .string(name), "rows": .integer(rows)]
        if let failure {
            object["failure"] = .string(failure)
            return .object(object)
        }
        object["bytes"] = bytes.map { .integer($0) }
        object["seconds"] = .decimal(seconds, digits: 4)
        object["rows_per_second"] = .decimal(Double(rows) / seconds, digits: 0)
        object["megabytes_per_second"] = megabytesPerSecond.map { .decimal($0, digits: 1) }
        object["cpu_seconds"] = .decimal(cpuSeconds, digits: 4)
        object["peak_rss_bytes"] = peakBytes.map { .integer($0) }
        object["samples"] = .array(samples.map { .decimal($0.seconds, digits: 4) })
        var ratios = JSONObject()
        for compressor in compressors {
            ratios[compressor.shortName] = ratio(to: compressor).map { .decimal($0, digits: 3) }
        }
        object["seconds_relative_to"] = .object(ratios)
        return .object(object)
    }
}

extension Double {
    func text(digits: Int) -> String {
        guard case .number(let text) = JSONValue.decimal(self, digits: digits) else { return "-" }
        return text
    }
}
