/// Compares an outcome with what a script expects; `fixtures/scripts/README.md` has the rules.
enum Expectation {
    /// Says where `actual` differs from `expected`, if it does; `place` is for the message.
    static func difference(_ expected: Value, _ actual: Value, at place: String) -> String? {
        switch (expected, actual) {
        case (.object(let members), _):
            if members.count == 1, members[0].name.hasPrefix("$") {
                return wildcard(members[0].name, members[0].value, actual, place)
            }
            return inMembers(members, actual, place)
        case (.array(let expected), .array(let found)):
            guard expected.count == found.count else {
                let counts = "expected \(expected.count) elements, found \(found.count)"
                return "\(place): \(counts): \(shortened(actual))"
            }
            for (n, (expected, found)) in zip(expected, found).enumerated() {
                if let fault = difference(expected, found, at: "\(place)/\(n)") { return fault }
            }
            return nil
        default: return same(expected, actual, place)
        }
    }

    /// Members that are not named may be there: results may gain members.
    private static func inMembers(
        _ expected: [(name: String, value: Value)], _ actual: Value, _ place: String
    ) -> String? {
        guard actual.members != nil else {
            return "\(place): expected an object, found \(shortened(actual))"
        }
        for (name, wanted) in expected {
            let inner = "\(place)/\(name)"
            let absent = wanted["$absent"] != nil
            switch actual[name] {
            case nil where absent: continue
            case nil: return "\(inner): missing in \(shortened(actual))"
            case let found? where absent:
                return "\(inner): expected no such member, found \(shortened(found))"
            case let found?:
                if let fault = difference(wanted, found, at: inner) { return fault }
            }
        }
        return nil
    }

    private static func wildcard(
        _ name: String, _ wanted: Value, _ actual: Value, _ place: String
    ) -> String? {
        let elements = wanted.elements ?? []
        switch name {
        case "$exact": return same(wanted, actual, place)
        case "$any": return ofKind(wanted.text ?? "", actual, place)
        case "$not":
            return wanted != actual ? nil : "\(place): anything but \(shortened(actual))"
        case "$contains":
            if let text = actual.text, let piece = wanted.text, text.contains(piece) { return nil }
            return "\(place): expected a text with \(wanted.json), found \(shortened(actual))"
        case "$includes":
            let missing = elements.first { element in
                !(actual.elements ?? []).contains { difference(element, $0, at: place) == nil }
            }
            return missing.map { "\(place): no \($0.json) in \(shortened(actual))" }
        case "$one_of":
            if elements.contains(where: { difference($0, actual, at: place) == nil }) { return nil }
            return "\(place): expected one of \(wanted.json), found \(shortened(actual))"
        default: return "\(place): the script uses an unknown wildcard \(name)"
        }
    }

    private static func ofKind(_ kind: String, _ actual: Value, _ place: String) -> String? {
        switch (kind, actual) {
        case ("value", _), ("text", .text), ("number", .number), ("array", .array),
            ("object", .object):
            return nil
        case ("uuid", .text(let text)) where isUUID(text): return nil
        case ("time", .text(let text)) where isTime(text): return nil
        default: return "\(place): expected any \(kind), found \(shortened(actual))"
        }
    }

    private static func same(_ expected: Value, _ actual: Value, _ place: String) -> String? {
        if expected == actual { return nil }
        return "\(place): expected \(shortened(expected)), found \(shortened(actual))"
    }

    /// A UUID as the library writes it: lower case, with hyphens.
    private static func isUUID(_ text: String) -> Bool {
        text.wholeMatch(of: #/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/#) != nil
    }

    /// A time as the library writes it: UTC, at most nine digits and no trailing zero.
    private static func isTime(_ text: String) -> Bool {
        let shape = #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z/#
        return text.wholeMatch(of: shape) != nil
    }

    private static func shortened(_ value: Value) -> String {
        let text = value.json
        return text.count > 600 ? "\(text.prefix(600))..." : text
    }
}
