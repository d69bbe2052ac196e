import CNanostore

// Reading and writing documents as JSON. Every `id` is what a person may type: a short ID, a UUID,
// `uuid:` and a part of one, or `key:` and the document's key.
extension Store {
    @discardableResult
    public func add(_ document: JSON, options: JSON? = nil) throws(NanostoreError) -> Document {
        try self.document(document.text, options?.text) { nanostore_add($0, $1, $2, $4, $5) }
    }

    public func get(_ id: String, options: JSON? = nil) throws(NanostoreError) -> Document {
        try document(id, options?.text) { nanostore_get($0, $1, $2, $4, $5) }
    }

    /// Changes the members that the patch has: null removes one, or sets a dimension to its
    /// default.
    /// - Parameters:
    ///   - ifRev: the revision that the document must still have.
    ///   - ifUUID: the document that the ID must still lead to; documents of one batch share a
    ///     revision, so a short ID that was listed is guarded by both.
    @discardableResult
    public func update(
        _ id: String, _ patch: JSON, ifRev: Int? = nil, ifUUID: String? = nil
    ) throws(NanostoreError) -> Document {
        try update(id, patch, options: JSON(guarding(ifRev, ifUUID)))
    }

    @discardableResult
    public func update(
        _ id: String, _ patch: JSON, options: JSON?
    ) throws(NanostoreError) -> Document {
        try document(id, patch.text, options?.text, nanostore_update)
    }

    /// Replaces a document as a whole; on a key or a UUID that is not there it adds it.
    @discardableResult
    public func replace(
        _ id: String, _ document: JSON, ifRev: Int? = nil, ifUUID: String? = nil
    ) throws(NanostoreError) -> Document {
        try replace(id, document, options: JSON(guarding(ifRev, ifUUID)))
    }

    @discardableResult
    public func replace(
        _ id: String, _ document: JSON, options: JSON?
    ) throws(NanostoreError) -> Document {
        try self.document(id, document.text, options?.text, nanostore_replace)
    }

    /// Deletes a document, with `cascade` everything below it too; gives them as they were.
    @discardableResult
    public func delete(
        _ id: String, cascade: Bool = false, ifRev: Int? = nil, ifUUID: String? = nil
    ) throws(NanostoreError) -> [Document] {
        var options = guarding(ifRev, ifUUID)
        if cascade { options.append(("cascade", true)) }
        let report = try delete(id, options: JSON(options))
        return (report["deleted"]?.elements ?? []).map(Document.init(json:))
    }

    /// Deletes a document that was read, wherever its short ID leads by now, if it is still as it
    /// was read.
    @discardableResult
    public func delete(
        _ document: Document, cascade: Bool = false
    ) throws(NanostoreError) -> [Document] {
        try delete(document.uuid, cascade: cascade, ifRev: document.json["rev"]?.int)
    }

    @discardableResult
    public func delete(_ id: String, options: JSON?) throws(NanostoreError) -> JSON {
        try document(id, options?.text) { nanostore_delete($0, $1, $2, $4, $5) }.json
    }

    /// Makes several writes, all or nothing, in one commit.
    @discardableResult
    public func apply(_ batch: Batch, options: JSON? = nil) throws(NanostoreError) -> BatchResult {
        let document = try document(batch.json.text, options?.text) {
            nanostore_apply($0, $1, $2, $4, $5)
        }
        return BatchResult(json: document.json)
    }
}

/// The members that let a write succeed only on a document, or a version of it.
func guarding(_ rev: Int?, _ uuid: String?) -> [(String, JSON)] {
    let given: [(String, JSON?)] = [
        ("if_rev", rev.map { JSON($0) }), ("if_uuid", uuid.map { JSON($0) }),
    ]
    return given.compactMap { name, value in value.map { (name, $0) } }
}
