import CNanostore

/// A piece of JSON, kept as its text: numbers stay exactly as they are written.
///
/// It is made from a literal, from a value or from text, and read member by member:
///
///     let patch: JSON = ["dimensions": ["status": "done"], "data": ["due": .null]]
///     let title = document.json["title"]?.string
///
/// There is no literal for null but ``null``, lest an optional `JSON` that is nil become one.
/// Text goes to the library as it is, which refuses what is not JSON.
public struct JSON: Hashable, Sendable {
    public let text: String

    public static let null = JSON(text: "null")

    /// JSON that is already written. A string literal alone would become a JSON string.
    public init(text: String) {
        self.text = text
    }

    public init(_ string: String) {
        text = quoted(string)
    }

    public init(_ number: Int) {
        text = String(number)
    }

    /// The shortest number that reads back as this one. Give exact ones with ``init(text:)``.
    public init(_ number: Double) {
        text = String(describing: number)
    }

    public init(_ bool: Bool) {
        text = bool ? "true" : "false"
    }

    public init(_ elements: [JSON]) {
        text = "[\(elements.map(\.text).joined(separator: ","))]"
    }

    /// An object whose members stand in this order.
    public init(_ members: [(String, JSON)]) {
        text = "{\(members.map { "\(quoted($0.0)):\($0.1.text)" }.joined(separator: ","))}"
    }
}

// MARK: Reading

extension JSON {
    /// The member of an object; nil where there is none, or no object.
    public subscript(_ name: String) -> JSON? {
        reading { $0.member(name) }.map(JSON.init(text:))
    }

    /// The element of an array; nil where there is none, or no array.
    public subscript(_ index: Int) -> JSON? {
        let elements = elements ?? []
        return elements.indices.contains(index) ? elements[index] : nil
    }

    /// The elements of an array.
    public var elements: [JSON]? {
        reading { $0.elements() }?.map(JSON.init(text:))
    }

    /// The members of an object, in their order.
    public var members: [(name: String, value: JSON)]? {
        reading { $0.members() }?.map { (name: $0.0, value: JSON(text: $0.1)) }
    }

    /// A string without its quotes and escapes.
    public var string: String? { reading { $0.string() } }
    /// A whole number; one that does not fit is nil, and its ``text`` still has it.
    public var int: Int? { Int(text) }
    public var double: Double? { text.first?.isLetter == false ? Double(text) : nil }
    public var bool: Bool? { Bool(text) }
    public var isNull: Bool { text == "null" }

    /// What a JSON pointer (RFC 6901) leads to: a string unquoted, any other value as its text,
    /// nil where it leads nowhere. Unlike the other accessors it tells what is wrong with the JSON.
    public func text(at pointer: String) throws(NanostoreError) -> String? {
        var found: UnsafeMutablePointer<CChar>?
        var error: OpaquePointer?
        let status = try withTexts(text, pointer, nil) { json, pointer, _ in
            nanostore_json_get(json, pointer, &found, &error)
        }
        try check(status, error)
        return take(found)
    }

    private func reading<Result>(_ body: (inout JSONReader) -> Result?) -> Result? {
        var text = text
        return text.withUTF8 { bytes in
            var reader = JSONReader(bytes)
            return body(&reader)
        }
    }
}

// MARK: Literals

extension JSON: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self.init(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(value) }
}

extension JSON: ExpressibleByFloatLiteral {
    public init(floatLiteral value: Double) { self.init(value) }
}

extension JSON: ExpressibleByBooleanLiteral {
    public init(booleanLiteral value: Bool) { self.init(value) }
}

extension JSON: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: JSON...) { self.init(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral members: (String, JSON)...) { self.init(members) }
}

extension JSON: CustomStringConvertible {
    public var description: String { text }
}

/// The text as a JSON string.
private func quoted(_ string: String) -> String {
    var out = "\""
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        case "\0"..<" ":
            let digits = String(scalar.value, radix: 16)
            out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}
