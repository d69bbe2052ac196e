import CNanostore

/// Why a call failed: the one error that every call of a store throws. A call that failed has
/// changed nothing, but for the status ``Status/unknownOutcome``.
public struct NanostoreError: Error, Hashable, Sendable {
    public let status: Status
    /// One line for a person: what is at fault, what was expected, often the way out.
    public let message: String
    /// All that is known, as a JSON object; `nanostore_error_json()` lists its members.
    public let json: JSON

    /// The name of the status or, for a finer cause, one of its own such as `JSON_SYNTAX`.
    public var name: String { json["name"]?.string ?? status.description }
    /// The document at fault, as the caller named it.
    public var id: String? { json["id"]?.string }
    /// The member, option or argument at fault, as a dotted path.
    public var field: String? { json["field"]?.string }
    /// The way out, where there is more to say than the message does.
    public var hint: String? { json["hint"]?.string }

    /// Takes over an error object of the library.
    init(status: Status, taking error: OpaquePointer?) {
        self.status = status
        message = String(cString: nanostore_error_message(error))
        json = JSON(text: String(cString: nanostore_error_json(error)))
        nanostore_error_free(error)
    }

    /// An error that the binding itself finds.
    init(_ status: Status, _ message: String, field: String? = nil) {
        self.status = status
        self.message = message
        var members: [(String, JSON)] = [
            ("status", JSON(Int(status.rawValue))), ("name", JSON(status.description)),
            ("message", JSON(message)),
        ]
        if let field { members.append(("field", JSON(field))) }
        json = JSON(members)
    }
}

extension NanostoreError: CustomStringConvertible {
    /// The message, and the hint where there is one, on one line.
    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
