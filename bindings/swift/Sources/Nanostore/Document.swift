/// A document as a call gave it: its JSON text, and its members, read from it when asked for.
///
/// What a query's `fields` left out is empty or nil.
public struct Document: Hashable, Sendable {
    public let json: JSON

    public init(json: JSON) {
        self.json = json
    }

    public var uuid: String { text("uuid") }
    /// The short ID at the state that the call read or made; nil where the document has none,
    /// because its chain of parents is broken.
    public var id: String? { json["id"]?.string }
    public var key: String? { json["key"]?.string }
    /// The number of the commit that wrote this version; what `ifRev` takes.
    public var rev: Int { json["rev"]?.int ?? 0 }
    public var title: String { text("title") }
    public var body: String { text("body") }
    public var createdAt: String { text("created_at") }
    public var updatedAt: String { text("updated_at") }

    /// The values of the dimensions; the parent's UUID stands under its `ref_field`.
    public var dimensions: [String: String] {
        let members = json["dimensions"]?.members ?? []
        let texts = members.map { ($0.name, $0.value.string ?? $0.value.text) }
        return Dictionary(texts) { first, _ in first }
    }

    /// The document's own data, a JSON object.
    public var data: JSON { json["data"] ?? [:] }
    /// The same as text: every number is as it was written.
    public var dataText: String { data.text }

    /// With `level` among the query's `fields`: 1 for a document without a parent.
    public var level: Int? { json["level"]?.int }
    /// With `has_children` among the query's `fields`.
    public var hasChildren: Bool? { json["has_children"]?.bool }

    /// The document as a value of a type of yours; see ``StoredDocument``.
    public func decoded<Value: Decodable>(as type: Value.Type) throws(NanostoreError) -> Value {
        try DocumentDecoder.decode(type, from: json)
    }

    private func text(_ name: String) -> String { json[name]?.string ?? "" }
}
