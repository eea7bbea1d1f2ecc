import BatchExport

/// All measurements that the filters select.
struct Matrix {
    let rows: Int
    /// Parts of names, separated by slashes; a name must have all of them.
    let filter: [String]

    /// Runs by their content.
    var runs: [(content: RunContent, runs: [WholeRun])] {
        contents.map { content, ways in (content, ways.filter { isWanted($0.name) }) }.filter { !$0.1.isEmpty }
    }

    func stages(of table: BenchmarkTable) -> [Stage] {
        Stage.all(StageInput(table, rowCount: table == .wide ? 40_000 : 200_000)).filter { isWanted($0.name) }
    }

    var names: [String] {
        runs.flatMap { $0.runs.map(\.name) } + BenchmarkTable.allCases.flatMap { stages(of: $0).map(\.name) }
    }

    private var contents: [(RunContent, [WholeRun])] {
        var contents: [(RunContent, [WholeRun])] = []
        for table in BenchmarkTable.allCases {
            for format in FileFormat.allCases {
                let content = RunContent(table: table, rows: table == .wide ? rows / 5 : rows, format: format)
                let ways = ["api", "s3", "unload"].flatMap { source in
                    [1, 2].map { WholeRun(content: content, source: source, cores: $0, latency: 0) }
                }
                contents.append((content, ways))
            }
        }
        // With a delay for every call, the number of calls decides, not the format.
        let slow = RunContent(table: .customers, rows: rows / 10, format: .csv)
        contents.append((slow, ["api", "auto"].map { WholeRun(content: slow, source: $0, cores: 2, latency: 100) }))
        return contents
    }

    private func isWanted(_ name: String) -> Bool {
        let parts = name.split(separator: "/")
        return filter.allSatisfy { parts.contains(Substring($0)) }
    }
}

extension RunContent {
    func title(of measurements: [Measurement]) -> String {
        let bytes = measurements.compactMap(\.bytes).first
        return "\(table) \(format), \(rows) rows" + (bytes.map { ", \((Double($0) / 1e6).text(digits: 1)) MB" } ?? "")
    }
}
