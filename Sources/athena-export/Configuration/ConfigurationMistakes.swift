/// Collects the mistakes in the settings, so that one run reports all of them.
struct ConfigurationMistakes {
    private var errors: [ConfigurationError] = []
    /// What the errors are about. A file can have tens of thousands of mistakes.
    private var subjects: Set<ConfigurationError.Subject> = []

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
            if subjects.insert(error.subject).inserted { errors.append(error) }
        }
    }

    /// - Throws: the mistakes, those of the command line first, then those of the file in its order.
    func check() throws(ConfigurationError) {
        let ofFile = errors.filter { $0.place != nil }.sorted { $0.offset < $1.offset }
        let sorted = errors.filter { $0.place == nil } + ofFile
        guard let first = sorted.first else { return }
        throw sorted.count == 1 ? first : .several(sorted)
    }
}

extension ConfigurationError {
    /// The value in the file that is wrong, or what else is.
    fileprivate enum Subject: Hashable {
        case value(offset: Int)
        case other(String)
    }

    fileprivate var subject: Subject { place?.offset.map { .value(offset: $0) } ?? .other(description) }

    /// Where in the file; 0 for the file as a whole.
    fileprivate var offset: Int { place?.offset ?? 0 }
}
