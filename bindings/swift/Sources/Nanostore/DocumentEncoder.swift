import Foundation

/// Writes a value of any `Encodable` type as a document: each of its members goes into the
/// document itself, into its `dimensions` or into its `data`.
struct DocumentEncoder: Encoder {
    enum Purpose {
        /// A whole document: an optional that is nil is not there.
        case whole
        /// A merge patch: an optional that is nil is taken away.
        case patch
    }

    private let base: any Encoder
    private let purpose: Purpose
    private let found: Found

    /// The dimensions that were met on the way.
    private final class Found {
        var declarations: [Schema.Declaration] = []
    }

    static func encode<Value: Encodable>(
        _ value: Value, as purpose: Purpose
    ) throws(NanostoreError) -> JSON {
        try encode(value, purpose, Found())
    }

    /// What a type says of its dimensions, in the order of its properties.
    static func declarations<Value: StoredDocument>(
        of type: Value.Type
    ) throws(NanostoreError) -> [Schema.Declaration] {
        let found = Found()
        _ = try encode(Value(), .whole, found)
        return found.declarations
    }

    private static func encode<Value: Encodable>(
        _ value: Value, _ purpose: Purpose, _ found: Found
    ) throws(NanostoreError) -> JSON {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .custom(Time.encode)
        // Always in the same order, so that the same value writes the same file.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let data = try encoder.encode(Routed(value: value, purpose: purpose, found: found))
            return JSON(text: String(decoding: data, as: UTF8.self))
        } catch {
            throw NanostoreError(.invalid, cause: error, type: Value.self)
        }
    }

    private struct Routed<Value: Encodable>: Encodable {
        let value: Value
        let purpose: Purpose
        let found: Found

        func encode(to encoder: any Encoder) throws {
            try value.encode(to: DocumentEncoder(base: encoder, purpose: purpose, found: found))
        }
    }

    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let found = found
        return KeyedEncodingContainer(
            DocumentContainer<Key>(base, purpose) { found.declarations.append($0) })
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { base.unkeyedContainer() }

    func singleValueContainer() -> any SingleValueEncodingContainer { base.singleValueContainer() }
}

private struct DocumentContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    typealias Members = KeyedEncodingContainer<DocumentMember>

    private var top: Members
    private let purpose: DocumentEncoder.Purpose
    private let meet: (Schema.Declaration) -> Void

    init(
        _ encoder: any Encoder, _ purpose: DocumentEncoder.Purpose,
        _ meet: @escaping (Schema.Declaration) -> Void
    ) {
        top = encoder.container(keyedBy: DocumentMember.self)
        self.purpose = purpose
        self.meet = meet
    }

    var codingPath: [any CodingKey] { top.codingPath }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        if let dimension = value as? any DeclaredDimension {
            try encode(dimension, forKey: key)
        } else if let member = DocumentMember.top(key) {
            if !member.isComputed { try top.encode(value, forKey: member) }
        } else {
            var data = nested(.data)
            try data.encode(value, forKey: DocumentMember(stringValue: key.stringValue))
        }
    }

    mutating func encodeNil(forKey key: Key) throws {
        if let member = DocumentMember.top(key) {
            if !member.isComputed { try top.encodeNil(forKey: member) }
        } else {
            var data = nested(.data)
            try data.encodeNil(forKey: DocumentMember(stringValue: key.stringValue))
        }
    }

    mutating func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        if let value {
            try encode(value, forKey: key)
        } else if purpose == .patch, DocumentMember.top(key)?.isLasting != true {
            try encodeNil(forKey: key)
        }
    }

    private mutating func encode(_ dimension: some DeclaredDimension, forKey key: Key) throws {
        meet(dimension.declaration(key.stringValue))
        let member = DocumentMember(stringValue: type(of: dimension).member(key.stringValue))
        var dimensions = nested(.dimensions)
        if let text = dimension.dimensionText {
            try dimensions.encode(text, forKey: member)
        } else if purpose == .patch {
            try dimensions.encodeNil(forKey: member)
        }
    }

    private mutating func nested(_ key: DocumentMember) -> Members {
        top.nestedContainer(keyedBy: DocumentMember.self, forKey: key)
    }

    mutating func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Inner> {
        var (members, member) = place(of: key)
        return members.nestedContainer(keyedBy: type, forKey: member)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        var (members, member) = place(of: key)
        return members.nestedUnkeyedContainer(forKey: member)
    }

    mutating func superEncoder() -> any Encoder { top.superEncoder() }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        var (members, member) = place(of: key)
        return members.superEncoder(forKey: member)
    }

    private mutating func place(of key: Key) -> (Members, DocumentMember) {
        if let member = DocumentMember.top(key) { return (top, member) }
        return (nested(.data), DocumentMember(stringValue: key.stringValue))
    }
}

// Swift asks for these by name; each is the general one.
extension DocumentContainer {
    private mutating func any<T: Encodable>(_ value: T, _ key: Key) throws {
        try encode(value, forKey: key)
    }
    private mutating func some<T: Encodable>(_ value: T?, _ key: Key) throws {
        try encodeIfPresent(value, forKey: key)
    }
    mutating func encodeIfPresent(_ v: Bool?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: String?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Double?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Float?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Int?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Int8?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Int16?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Int32?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: Int64?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: UInt?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: UInt8?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: UInt16?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: UInt32?, forKey key: Key) throws { try some(v, key) }
    mutating func encodeIfPresent(_ v: UInt64?, forKey key: Key) throws { try some(v, key) }
    mutating func encode(_ v: Bool, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: String, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Double, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Float, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Int, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Int8, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Int16, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Int32, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: Int64, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: UInt, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: UInt8, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: UInt16, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: UInt32, forKey key: Key) throws { try any(v, key) }
    mutating func encode(_ v: UInt64, forKey key: Key) throws { try any(v, key) }
}
