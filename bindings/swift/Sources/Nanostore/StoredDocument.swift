/// A type of the program whose values are documents.
///
///     struct Note: StoredDocument {
///         var title = ""
///         @Dimension(values: ["open", "done"], prefixes: ["done": "d"], default: "open")
///         var status: String
///         @Parent var parent: String?
///         var litres: Double?
///     }
///     let store = try Store("notes.json", Options(schema: Schema(of: Note.self)))
///
/// A property named like a member of a document (`uuid`, `id`, `key`, `rev`, `title`, `body`,
/// `createdAt`, `updatedAt`, `level`, `hasChildren`) is that member; `dimensions` and `data` are
/// these objects as a whole. One declared with ``Dimension`` or ``Parent`` is a dimension; every
/// other is a member of `data`, under its coding key. `id`, `level` and `hasChildren` are computed
/// by the library and only ever read.
///
/// Reading alone and writing alone need no more than `Decodable` and `Encodable`.
public protocol StoredDocument: Codable {
    /// A value with the defaults; from it the declarations are read.
    init()
}
