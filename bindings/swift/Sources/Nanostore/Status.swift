import CNanostore

/// What a call ended with. Later versions of the library may give others than those named here;
/// treat one that you do not know like ``internal``.
public struct Status: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static let ok = Status(rawValue: NANOSTORE_OK)
    /// A defect of the library.
    public static let `internal` = Status(rawValue: NANOSTORE_INTERNAL)
    public static let invalid = Status(rawValue: NANOSTORE_INVALID)
    public static let notFound = Status(rawValue: NANOSTORE_NOTFOUND)
    public static let exists = Status(rawValue: NANOSTORE_EXISTS)
    public static let ambiguous = Status(rawValue: NANOSTORE_AMBIGUOUS)
    public static let conflict = Status(rawValue: NANOSTORE_CONFLICT)
    public static let constraint = Status(rawValue: NANOSTORE_CONSTRAINT)
    public static let readOnly = Status(rawValue: NANOSTORE_READONLY)
    public static let busy = Status(rawValue: NANOSTORE_BUSY)
    public static let timeout = Status(rawValue: NANOSTORE_TIMEOUT)
    public static let cancelled = Status(rawValue: NANOSTORE_CANCELLED)
    public static let io = Status(rawValue: NANOSTORE_IO)
    public static let noSpace = Status(rawValue: NANOSTORE_NOSPACE)
    public static let permission = Status(rawValue: NANOSTORE_PERMISSION)
    public static let corrupt = Status(rawValue: NANOSTORE_CORRUPT)
    public static let tooNew = Status(rawValue: NANOSTORE_TOONEW)
    public static let unsupported = Status(rawValue: NANOSTORE_UNSUPPORTED)
    public static let limit = Status(rawValue: NANOSTORE_LIMIT)
    public static let misuse = Status(rawValue: NANOSTORE_MISUSE)
    public static let forked = Status(rawValue: NANOSTORE_FORKED)
    /// The store or the cursor was closed before the call.
    public static let closed = Status(rawValue: NANOSTORE_CLOSED)
    public static let panic = Status(rawValue: NANOSTORE_PANIC)
    public static let hasChildren = Status(rawValue: NANOSTORE_HAS_CHILDREN)
    public static let schemaMismatch = Status(rawValue: NANOSTORE_SCHEMA_MISMATCH)
    /// Whether the write happened is not known; the next call finds out.
    public static let unknownOutcome = Status(rawValue: NANOSTORE_UNKNOWN_OUTCOME)
}

extension Status: CustomStringConvertible {
    /// The library's name of the status, such as `NOTFOUND`.
    public var description: String { String(cString: nanostore_status_name(rawValue)) }
}
