/// Finds the name that a misspelt one was probably meant to be.
enum Suggestion {
    /// - Returns: the only name that begins so, or the nearest one; of equally near ones the first in alphabetical
    ///   order; nil if no name is near.
    static func nearest(to word: String, among names: some Collection<String>) -> String? {
        let longer = names.filter { $0.hasPrefix(word) }
        if word.count >= 3, longer.count == 1 { return longer.first }
        let word = Array(word.lowercased().unicodeScalars)
        // Longer words are no keys, options or commands, and the comparison takes quadratic time.
        guard (2...64).contains(word.count) else { return nil }
        let limit = max(1, min(3, word.count / 3))
        return names.map { (name: $0, letters: Array($0.lowercased().unicodeScalars)) }
            // Names of another length are not near, and need no comparison.
            .filter { abs($0.letters.count - word.count) <= limit }
            .map { (name: $0.name, distance: distance(word, $0.letters)) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// The number of letters to insert, delete, replace, or exchange with their neighbour.
    private static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in first.indices {
            var current = [row + 1]
            for column in second.indices {
                var cost = min(
                    last[column + 1] + 1, current[column] + 1,
                    last[column] + (first[row] == second[column] ? 0 : 1))
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[second.count]
    }
}
