/// Where a property of a Swift type stands in the JSON of a document.
struct DocumentMember: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    static let dimensions = DocumentMember(stringValue: "dimensions")
    static let data = DocumentMember(stringValue: "data")

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }

    /// The members of a document, by the names that properties have for them.
    private static let top = [
        "uuid": "uuid", "id": "id", "key": "key", "rev": "rev", "title": "title", "body": "body",
        "dimensions": "dimensions", "data": "data", "createdAt": "created_at",
        "updatedAt": "updated_at", "created_at": "created_at", "updated_at": "updated_at",
        "level": "level", "hasChildren": "has_children", "has_children": "has_children",
    ]

    /// The member of the document itself that a key means.
    static func top(_ key: some CodingKey) -> DocumentMember? {
        top[key.stringValue].map(DocumentMember.init(stringValue:))
    }

    /// Read, and never written.
    var isComputed: Bool { ["id", "level", "has_children"].contains(stringValue) }

    /// Names a document or a version of it; a value that has none does not take it away.
    var isLasting: Bool {
        isComputed || ["uuid", "key", "rev", "created_at", "updated_at"].contains(stringValue)
    }
}
