// Reading and writing documents as values of types of the program; ``StoredDocument`` tells how
// a property finds its member.
extension Store {
    @discardableResult
    public func add(_ value: some Encodable) throws(NanostoreError) -> Document {
        try add(DocumentEncoder.encode(value, as: .whole))
    }

    public func get<Value: Decodable>(
        _ id: String, as type: Value.Type
    ) throws(NanostoreError) -> Value {
        try get(id).decoded(as: type)
    }

    /// Makes the members that the value's type has as the value says: nil removes one. Members
    /// that the type does not have stay. A `uuid` and a `rev` in the value must still be the
    /// document's.
    @discardableResult
    public func update(_ id: String, _ value: some Encodable) throws(NanostoreError) -> Document {
        try update(id, DocumentEncoder.encode(value, as: .patch))
    }

    /// Replaces the document as a whole: members that the type does not have are gone.
    @discardableResult
    public func replace(_ id: String, _ value: some Encodable) throws(NanostoreError) -> Document {
        try replace(id, DocumentEncoder.encode(value, as: .whole))
    }

    /// Reads a document, lets `change` change it, and writes it if nobody else wrote it meanwhile;
    /// otherwise it begins anew.
    @discardableResult
    public func modify<Value: Codable>(
        _ id: String, as type: Value.Type, _ change: (inout Value) -> Void
    ) throws(NanostoreError) -> Document {
        // The short ID may mean another document the second time.
        let uuid = try resolveID(id)
        while true {
            let before = try get(uuid)
            var value = try before.decoded(as: type)
            change(&value)
            let patch = try DocumentEncoder.encode(value, as: .patch)
            do throws(NanostoreError) {
                return try update(uuid, patch, ifRev: before.rev)
            } catch {
                guard error.status == .conflict else { throw error }
            }
        }
    }

    public func list<Value: Decodable>(
        _ query: Query? = nil, as type: Value.Type
    ) throws(NanostoreError) -> [Value] {
        var values: [Value] = []
        for document in try list(query).documents {
            values.append(try document.decoded(as: type))
        }
        return values
    }
}
