/// Collects the mistakes in the settings, so that one run reports all of them.
struct ConfigurationMistakes {
    private var errors: [ConfigurationError] = []

    var count: Int { errors.count }

    /// - Returns: the setting; nil if it is missing, or wrong, which ``check()`` then reports.
    mutating func collect<Value>(_ setting: @autoclosure () throws(ConfigurationError) -> Value?) -> Value? {
        do throws(ConfigurationError) {
            return try setting()
        } catch {
            add([error])
            return nil
        }
    }

    mutating func add(_ more: [ConfigurationError]) {
        for error in more {
            if case .several(let errors) = error {
                add(errors)
                continue
            }
            // A value that is read twice, or checked by two rules, is reported once.
            if !errors.contains(where: { $0.isOfSameValue(as: error) }) { errors.append(error) }
        }
    }

    /// - Throws: the mistakes, those of the command line first, then those of the file in its order.
    func check() throws(ConfigurationError) {
        let ofFile = errors.filter { $0.place != nil }.sorted { $0.lineAndColumn < $1.lineAndColumn }
        let sorted = errors.filter { $0.place == nil } + ofFile
        guard let first = sorted.first else { return }
        throw sorted.count == 1 ? first : .several(sorted)
    }
}

extension ConfigurationError {
    fileprivate func isOfSameValue(as other: ConfigurationError) -> Bool {
        guard let position = place?.position else { return description == other.description }
        return position == other.place?.position
    }

    /// Zeros for the file as a whole.
    fileprivate var lineAndColumn: (Int, Int) {
        place?.position.map { ($0.line, $0.column) } ?? (0, 0)
    }
}
