import CNanostore

/// The result of a query, pulled document by document from the state at which it was opened.
///
///     while let document = try cursor.next() { print(document.title) }
///
/// In a `for` loop, where Swift lets no error through, the elements are results:
///
///     for result in cursor { print(try result.get().title) }
///
/// A cursor keeps what it needs of its store, which may be closed before it. It belongs to one
/// task at a time, so it is not `Sendable`: the compiler sees to it.
public final class Cursor: Sequence {
    private var pointer: OpaquePointer?

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        close()
    }

    /// The next document; nil after the last one.
    public func next() throws(NanostoreError) -> Document? {
        var text: UnsafeMutablePointer<CChar>?
        var error: OpaquePointer?
        try check(nanostore_cursor_next(opened(), &text, &error), error)
        return take(text).map { Document(json: JSON(text: $0)) }
    }

    /// The next document as a value of a type of yours; nil after the last one.
    public func next<Value: Decodable>(
        as type: Value.Type
    ) throws(NanostoreError) -> Value? {
        guard let document = try next() else { return nil }
        return try document.decoded(as: type)
    }

    /// The place that has been reached: with it as ``Query``'s `after`, the same query goes on
    /// behind the document pulled last.
    public func token() throws(NanostoreError) -> JSON {
        var text: UnsafeMutablePointer<CChar>?
        var error: OpaquePointer?
        try check(nanostore_cursor_token(opened(), &text, &error), error)
        return JSON(text: take(text) ?? "null")
    }

    /// Ends the cursor now; otherwise it ends with its last reference.
    public func close() {
        nanostore_cursor_close(pointer)
        pointer = nil
    }

    /// The documents that are left. After a failure there are no more.
    public func makeIterator() -> AnyIterator<Result<Document, NanostoreError>> {
        var failed = false
        return AnyIterator {
            if failed { return nil }
            do throws(NanostoreError) {
                return try self.next().map { .success($0) }
            } catch {
                failed = true
                return .failure(error)
            }
        }
    }

    private func opened() throws(NanostoreError) -> OpaquePointer {
        guard let pointer else { throw NanostoreError(.closed, "the cursor is closed") }
        return pointer
    }
}
