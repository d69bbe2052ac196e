import Foundation

/// Reads a document as a value of any `Decodable` type: the type sees one flat set of members,
/// which this finds in the document, in its `dimensions` or in its `data`.
struct DocumentDecoder: Decoder {
    private let base: any Decoder

    static func decode<Value: Decodable>(
        _ type: Value.Type, from json: JSON
    ) throws(NanostoreError) -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom(Time.decode)
        do {
            return try decoder.decode(Routed<Value>.self, from: Data(json.text.utf8)).value
        } catch {
            throw NanostoreError(.invalid, cause: error, type: type)
        }
    }

    private struct Routed<Value: Decodable>: Decodable {
        let value: Value

        init(from decoder: any Decoder) throws {
            value = try Value(from: DocumentDecoder(base: decoder))
        }
    }

    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try DocumentContainer<Key>(base))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try base.unkeyedContainer()
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        try base.singleValueContainer()
    }
}

private struct DocumentContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    typealias Members = KeyedDecodingContainer<DocumentMember>

    private let top: Members
    private let dimensions: Members?
    private let data: Members?

    init(_ decoder: any Decoder) throws {
        let top = try decoder.container(keyedBy: DocumentMember.self)
        func nested(_ key: DocumentMember) throws -> Members? {
            guard top.contains(key) else { return nil }
            return try top.nestedContainer(keyedBy: DocumentMember.self, forKey: key)
        }
        self.top = top
        dimensions = try nested(.dimensions)
        data = try nested(.data)
    }

    var codingPath: [any CodingKey] { top.codingPath }

    var allKeys: [Key] {
        [top, dimensions, data].flatMap { members in
            (members?.allKeys ?? []).compactMap { Key(stringValue: $0.stringValue) }
        }
    }

    func contains(_ key: Key) -> Bool {
        let (members, name) = place(of: key)
        return members.contains(name)
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        let (members, name) = place(of: key)
        return try members.decodeNil(forKey: name)
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        if let dimension = type as? any DeclaredDimension.Type {
            return try declared(dimension, key) as! Value
        }
        let (members, name) = place(of: key)
        return try members.decode(type, forKey: name)
    }

    /// The members among which a key stands, and its name there.
    private func place(of key: Key) -> (Members, DocumentMember) {
        let name = DocumentMember(stringValue: key.stringValue)
        if let member = DocumentMember.top(key) { return (top, member) }
        if let data, data.contains(name) { return (data, name) }
        if let dimensions, dimensions.contains(name) { return (dimensions, name) }
        return (data ?? dimensions ?? top, name)
    }

    private func declared<Value: DeclaredDimension>(
        _ type: Value.Type, _ key: Key
    ) throws -> Value {
        let member = DocumentMember(stringValue: Value.member(key.stringValue))
        let text = try dimensions?.decodeIfPresent(String.self, forKey: member)
        guard let value = Value(dimensionText: text) else {
            let found = text.map { "has no value \($0)" } ?? "is missing"
            let path = codingPath + [DocumentMember.dimensions, member]
            throw DecodingError.dataCorrupted(
                .init(codingPath: path, debugDescription: "the dimension \(found)"))
        }
        return value
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Inner> {
        let (members, name) = place(of: key)
        return try members.nestedContainer(keyedBy: type, forKey: name)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        let (members, name) = place(of: key)
        return try members.nestedUnkeyedContainer(forKey: name)
    }

    func superDecoder() throws -> any Decoder { try top.superDecoder() }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        let (members, name) = place(of: key)
        return try members.superDecoder(forKey: name)
    }
}

// Swift asks for these by name; each is the general one.
extension DocumentContainer {
    private func any<T: Decodable>(_ key: Key) throws -> T { try decode(T.self, forKey: key) }
    func decode(_: Bool.Type, forKey key: Key) throws -> Bool { try any(key) }
    func decode(_: String.Type, forKey key: Key) throws -> String { try any(key) }
    func decode(_: Double.Type, forKey key: Key) throws -> Double { try any(key) }
    func decode(_: Float.Type, forKey key: Key) throws -> Float { try any(key) }
    func decode(_: Int.Type, forKey key: Key) throws -> Int { try any(key) }
    func decode(_: Int8.Type, forKey key: Key) throws -> Int8 { try any(key) }
    func decode(_: Int16.Type, forKey key: Key) throws -> Int16 { try any(key) }
    func decode(_: Int32.Type, forKey key: Key) throws -> Int32 { try any(key) }
    func decode(_: Int64.Type, forKey key: Key) throws -> Int64 { try any(key) }
    func decode(_: UInt.Type, forKey key: Key) throws -> UInt { try any(key) }
    func decode(_: UInt8.Type, forKey key: Key) throws -> UInt8 { try any(key) }
    func decode(_: UInt16.Type, forKey key: Key) throws -> UInt16 { try any(key) }
    func decode(_: UInt32.Type, forKey key: Key) throws -> UInt32 { try any(key) }
    func decode(_: UInt64.Type, forKey key: Key) throws -> UInt64 { try any(key) }
}

extension NanostoreError {
    /// A value that does not fit into a type, or a type's value that is no document.
    init(_ status: Status, cause: any Error, type: Any.Type) {
        let context: (path: [any CodingKey], text: String) =
            switch cause {
            case DecodingError.keyNotFound(let key, let context):
                (context.codingPath + [key], "it is missing")
            case DecodingError.typeMismatch(_, let context),
                DecodingError.valueNotFound(_, let context),
                DecodingError.dataCorrupted(let context):
                (context.codingPath, context.debugDescription)
            case EncodingError.invalidValue(_, let context):
                (context.codingPath, context.debugDescription)
            default: ([], String(describing: cause))
            }
        let field = context.path.map(\.stringValue).joined(separator: ".")
        let place = field.isEmpty ? "" : " at \(field)"
        self.init(status, "not a document as \(type)\(place): \(context.text)", field: field)
    }
}
