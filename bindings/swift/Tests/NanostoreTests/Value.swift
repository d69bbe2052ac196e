/// JSON for the tests: a reader of its own that keeps the exact text of numbers, so that a fault of
/// the binding's reader shows here. Two values are equal when they are written alike but for white
/// space and the order of members; texts are compared by their code points.
indirect enum Value {
    case null
    case bool(Bool)
    case number(String)
    case text(String)
    case array([Value])
    case object([(name: String, value: Value)])

    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    init(parsing text: String) throws {
        var reader = ValueReader(text)
        self = try reader.whole()
    }

    subscript(_ name: String) -> Value? {
        members?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    var members: [(name: String, value: Value)]? {
        if case .object(let members) = self { members } else { nil }
    }

    var elements: [Value]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The text as it is, any other value as JSON: how arguments are passed.
    var plain: String { text ?? json }

    /// The value that a JSON pointer leads to.
    func at(_ pointer: String) -> Value? {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .reduce(self as Value?) { value, part in
                if let elements = value?.elements {
                    return Int(part).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
                }
                let name = part.replacing("~1", with: "/").replacing("~0", with: "~")
                return value?[String(name)]
            }
    }

    /// The value in one line.
    var json: String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let text): text
        case .text(let text): Value.quoted(text)
        case .array(let elements): "[\(elements.map(\.json).joined(separator: ","))]"
        case .object(let members): "{\(members.map(Value.written).joined(separator: ","))}"
        }
    }

    private static func written(_ name: String, _ value: Value) -> String {
        "\(quoted(name)):\(value.json)"
    }

    private static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..<" ":
                "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: String(scalar)
            }
        }
        return "\"\(scalars.joined())\""
    }
}

extension Value: Equatable {
    static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)), (.text(let a), .text(let b)):
            a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count && a.allSatisfy { right[$0.name] == $0.value }
        default: false
        }
    }
}

private struct ValueReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func whole() throws -> Value {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw fault("the end") }
        return value
    }

    private func fault(_ expected: String) -> Value.Fault {
        let rest = String(decoding: bytes[at...].prefix(30), as: UTF8.self)
        return Value.Fault(description: "expected \(expected) at byte \(at), found \(rest)")
    }

    private var byte: Unicode.Scalar { Unicode.Scalar(at < bytes.count ? bytes[at] : 0) }

    private mutating func skipSpace() {
        while [" ", "\t", "\n", "\r"].contains(byte) { at += 1 }
    }

    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard byte == character else { return false }
        at += 1
        return true
    }

    private mutating func value() throws -> Value {
        skipSpace()
        switch byte {
        case "{": return try object()
        case "[": return try array()
        case "\"": return .text(try string())
        case "-", "0"..."9":
            let start = at
            while "-+.eE0123456789".unicodeScalars.contains(byte) { at += 1 }
            return .number(String(decoding: bytes[start..<at], as: UTF8.self))
        default:
            let words: [(String, Value)] = [
                ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
            ]
            for (word, value) in words where bytes[at...].starts(with: word.utf8) {
                at += word.utf8.count
                return value
            }
            throw fault("a value")
        }
    }

    private mutating func array() throws -> Value {
        at += 1
        var elements: [Value] = []
        if takes("]") { return .array(elements) }
        while true {
            elements.append(try value())
            if takes("]") { return .array(elements) }
            guard takes(",") else { throw fault("',' or ']'") }
        }
    }

    private mutating func object() throws -> Value {
        at += 1
        var members: [(name: String, value: Value)] = []
        if takes("}") { return .object(members) }
        while true {
            skipSpace()
            let name = try string()
            if members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
                throw Value.Fault(description: "member \(name) appears twice")
            }
            guard takes(":") else { throw fault("':'") }
            members.append((name, try value()))
            if takes("}") { return .object(members) }
            guard takes(",") else { throw fault("',' or '}'") }
        }
    }

    private mutating func string() throws -> String {
        guard byte == "\"" else { throw fault("a text") }
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let next = bytes[at]
            at += 1
            switch Unicode.Scalar(next) {
            case "\"": return String(decoding: out, as: UTF8.self)
            case "\\": out += try escape()
            case "\0"..<" ": throw fault("an escape")
            default: out.append(next)
            }
        }
        throw fault("'\"'")
    }

    private mutating func escape() throws -> [UInt8] {
        let letter = byte
        at += 1
        switch letter {
        case "\"", "\\", "/": return [UInt8(ascii: letter)]
        case "b": return [0x08]
        case "f": return [0x0c]
        case "n": return [0x0a]
        case "r": return [0x0d]
        case "t": return [0x09]
        case "u":
            var units = [try hex()]
            if (0xd800..<0xdc00).contains(units[0]) {
                guard bytes[at...].starts(with: Array("\\u".utf8)) else { throw fault("a half") }
                at += 2
                units.append(try hex())
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: throw fault("an escape")
        }
    }

    private mutating func hex() throws -> UInt16 {
        let digits = String(decoding: bytes[at...].prefix(4), as: UTF8.self)
        guard let unit = UInt16(digits, radix: 16) else { throw fault("four digits") }
        at += 4
        return unit
    }
}
