import CNanostore

/// An open store: documents in one readable JSON file, or in memory for the path `:memory:`.
///
/// A store may be used by any number of tasks at the same time: readers run side by side, writers
/// one after the other. Calls block while the disk works. A store that is forgotten is closed with
/// its last reference; ``close()`` tells, too, whether everything reached the disk.
public final class Store: Sendable {
    private let handle: Handle

    /// The version of the library that the program runs with, such as `0.1.0`.
    public static var libraryVersion: String { String(cString: nanostore_version()) }

    public init(_ path: String, _ options: Options? = nil) throws(NanostoreError) {
        guard nanostore_version_number() >= NANOSTORE_VERSION_NUMBER else {
            let message = "the library is of version \(Store.libraryVersion), which is too old"
            throw NanostoreError(.unsupported, message)
        }
        handle = try Handle(path: path, options: options?.json.text)
    }

    private init(handle: Handle) {
        self.handle = handle
    }

    /// A store that reads what this one holds now: all reads on it, short IDs included, stay as
    /// they are while others write; writes to it throw ``Status/readOnly``.
    public func snapshot() throws(NanostoreError) -> Store {
        var snapshot: OpaquePointer?
        try handle.use { pointer throws(NanostoreError) in
            var error: OpaquePointer?
            try check(nanostore_snapshot(pointer, &snapshot, &error), error)
        }
        return Store(handle: Handle(snapshot!))
    }

    /// Closes the store; later calls throw ``Status/closed``. A call that another task is making
    /// is waited for. Closing once more does nothing.
    public func close() throws(NanostoreError) {
        try handle.close()
    }

    // MARK: The store itself

    /// Replaces the schema; gives what changed and which documents break it.
    /// - Parameter strict: refuses a schema that stored documents break.
    @discardableResult
    public func define(_ schema: Schema, strict: Bool = false) throws(NanostoreError) -> JSON {
        try define(schema, options: strict ? ["strict": true] : nil)
    }

    @discardableResult
    public func define(_ schema: Schema, options: JSON?) throws(NanostoreError) -> JSON {
        let text = try handle.text(schema.json.text, options?.text) {
            nanostore_define($0, $1, $2, $4, $5)
        }
        return JSON(text: text)
    }

    /// Tells what the store is and how it stands.
    public func info() throws(NanostoreError) -> JSON {
        JSON(text: try handle.text { nanostore_info($0, $4, $5) })
    }

    /// Lists what is wrong with the store.
    public func verify() throws(NanostoreError) -> JSON {
        JSON(text: try handle.text { nanostore_verify($0, $4, $5) })
    }

    /// Puts on disk what earlier writes have not put there yet.
    public func sync() throws(NanostoreError) {
        try handle.use { pointer throws(NanostoreError) in
            var error: OpaquePointer?
            try check(nanostore_sync(pointer, &error), error)
        }
    }

    /// Brings the readable file up to date with all writes.
    public func checkpoint() throws(NanostoreError) {
        try handle.use { pointer throws(NanostoreError) in
            var error: OpaquePointer?
            try check(nanostore_checkpoint(pointer, &error), error)
        }
    }

    // MARK: IDs

    /// The UUID of the document that a person means by `id`.
    public func resolveID(_ id: String) throws(NanostoreError) -> String {
        try handle.text(id) { nanostore_resolve_id($0, $1, $4, $5) }
    }

    /// The UUIDs of several, all IDs meaning the same state.
    public func resolveIDs(_ ids: [String]) throws(NanostoreError) -> [String] {
        let uuids = try resolveIDs(json: JSON(ids.map { JSON($0) }))
        return (uuids.elements ?? []).compactMap(\.string)
    }

    public func resolveIDs(json: JSON) throws(NanostoreError) -> JSON {
        JSON(text: try handle.text(json.text) { nanostore_resolve_ids($0, $1, $4, $5) })
    }

    // MARK: Queries

    /// The documents that a query gives, as one page.
    public func list(_ query: Query? = nil) throws(NanostoreError) -> Page {
        let text = try handle.text(query?.json.text) { nanostore_list($0, $1, $4, $5) }
        return Page(json: JSON(text: text))
    }

    /// How many documents a query gives.
    public func count(_ query: Query? = nil) throws(NanostoreError) -> Int {
        try handle.use { pointer throws(NanostoreError) in
            var count: Int64 = 0
            var error: OpaquePointer?
            let status = try withTexts(query?.json.text, nil, nil) { query, _, _ in
                nanostore_count(pointer, query, &count, &error)
            }
            try check(status, error)
            return Int(count)
        }
    }

    /// What the entries of an index come to in groups: key and value, by the index's `reduce`.
    /// - Parameter fields: how many first fields of a key make a group; nil: all of them, 0: one
    ///   group of all entries.
    public func groups(
        _ entries: Entries, by fields: Int? = nil, where condition: Condition? = nil
    ) throws(NanostoreError) -> [(key: JSON, value: JSON)] {
        let query = Query(where: condition, index: entries.grouped(by: fields))
        let text = try handle.text(query.json.text) { nanostore_list($0, $1, $4, $5) }
        let groups = JSON(text: text)["groups"]?.elements ?? []
        return groups.map { ($0["key"] ?? .null, $0["value"] ?? .null) }
    }

    /// What was written since a revision; 0 begins with all documents. When nothing was, the next
    /// commit is waited for so many milliseconds; then there are no changes.
    public func changes(
        since revision: Int = 0, limit: Int? = nil, waitMilliseconds: Int = 0
    ) throws(NanostoreError) -> Changes {
        var members = [("since", JSON(revision)), ("timeout_ms", JSON(waitMilliseconds))]
        if let limit { members.append(("limit", JSON(limit))) }
        return Changes(json: try changes(options: JSON(members)))
    }

    public func changes(options: JSON?) throws(NanostoreError) -> JSON {
        JSON(text: try handle.text(options?.text) { nanostore_changes($0, $1, $4, $5) })
    }

    /// How a query would be answered.
    public func explain(_ query: Query? = nil) throws(NanostoreError) -> JSON {
        JSON(text: try handle.text(query?.json.text) { nanostore_explain($0, $1, $4, $5) })
    }

    /// The documents that a query gives, one by one, from the state of this moment.
    public func cursor(_ query: Query? = nil) throws(NanostoreError) -> sending Cursor {
        var cursor: OpaquePointer?
        try handle.use { pointer throws(NanostoreError) in
            var error: OpaquePointer?
            let status = try withTexts(query?.json.text, nil, nil) { query, _, _ in
                nanostore_cursor_open(pointer, query, &cursor, &error)
            }
            try check(status, error)
        }
        return Cursor(cursor!)
    }

    // MARK: For the extensions in other files

    func document(
        _ a: String, _ b: String?, _ c: String? = nil,
        _ function: (OpaquePointer, Text?, Text?, Text?, TextOut, ErrorOut) -> nanostore_status
    ) throws(NanostoreError) -> Document {
        Document(json: JSON(text: try handle.text(a, b, c, function)))
    }
}
