import Digest
import JSON

/// The options that decide the files. An unfinished run can be continued only with the same ones.
///
/// Texts that may hold data, such as the statement, are stored as digests.
package struct ExportRequest: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        /// The name of the option or configuration key.
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package let parts: [Part]

    package init(_ parts: [Part]) {
        self.parts = parts
    }

    /// 64 hexadecimal digits that stand for the whole request.
    package var fingerprint: String {
        SHA256.hex(parts.map { "\($0.name.utf8.count):\($0.name)=\($0.value.utf8.count):\($0.value)" }.joined())
    }

    /// The differences of another request, in words.
    func differences(to other: ExportRequest) -> [String] {
        let names = parts.map(\.name) + other.parts.map(\.name).filter { name in !parts.contains { $0.name == name } }
        return names.compactMap { name in
            let mine = value(name)
            let theirs = other.value(name)
            if mine == theirs { return nil }
            let isDigest = name.hasSuffix("_sha256")
            return isDigest
                ? "\(name.dropLast("_sha256".count)) differs"
                : "\(name) was \(Self.show(mine)), is \(Self.show(theirs))"
        }
    }

    /// The value under a name; nil if the request has none.
    package func value(_ name: String) -> String? {
        parts.first { $0.name == name }?.value
    }

    private static func show(_ value: String?) -> String {
        guard let value, !value.isEmpty else { return "not set" }
        return String(value.prefix(200))
    }

    var json: JSONValue {
        var object = JSONObject()
        for part in parts { object[part.name] = .string(part.value) }
        return .object(object)
    }

    init(_ field: JSONField) throws(JSONError) {
        guard case .object(let object) = field.value else { throw field.mismatch("an object") }
        var parts: [Part] = []
        for (name, value) in object.members {
            parts.append(Part(name, try JSONField(value, path: "\(field.path).\(name)").string()))
        }
        self.parts = parts
    }
}

extension ExportRequest.Part {
    /// In the request of a run that writes only changes.
    package static let changesOnly = ExportRequest.Part("changes_only", "true")
}
