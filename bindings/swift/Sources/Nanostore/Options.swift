/// How a store is opened. What is left out is as the store was made, or as the library does it;
/// `nanostore_open()` tells more of each.
public struct Options: Hashable, Sendable {
    public enum Durability: String, Sendable {
        case sync, batched
    }

    public enum Checkpoint: String, Sendable {
        case auto, commit
    }

    public enum Format: String, Sendable {
        case pretty, lines
    }

    public let json: JSON

    /// Options that are already written.
    public init(json: JSON) {
        self.json = json
    }

    /// - Parameters:
    ///   - create: false refuses a path that does not exist.
    ///   - mode: the rights of a new file, in octal, such as `"0600"`, whatever the umask is.
    ///   - strict: refuses a file with documents that break the schema.
    ///   - salvage: of a damaged store, keeps what can be read.
    ///   - clock, uuidSeed: for tests: times that advance by a step, UUIDs that repeat.
    public init(
        schema: Schema? = nil, create: Bool? = nil, readOnly: Bool? = nil,
        durability: Durability? = nil, intervalMS: Int? = nil, checkpoint: Checkpoint? = nil,
        format: Format? = nil, lockTimeoutMS: Int? = nil, mode: String? = nil,
        maxDocumentBytes: Int? = nil, strict: Bool? = nil, salvage: Bool? = nil,
        clock: Clock? = nil, uuidSeed: Int? = nil
    ) {
        let given: [(String, JSON?)] = [
            ("schema", schema?.json), ("create", create.map { JSON($0) }),
            ("read_only", readOnly.map { JSON($0) }),
            ("durability", durability.map { JSON($0.rawValue) }),
            ("interval_ms", intervalMS.map { JSON($0) }),
            ("checkpoint", checkpoint.map { JSON($0.rawValue) }),
            ("format", format.map { JSON($0.rawValue) }),
            ("lock_timeout_ms", lockTimeoutMS.map { JSON($0) }), ("mode", mode.map { JSON($0) }),
            ("max_document_bytes", maxDocumentBytes.map { JSON($0) }),
            ("strict", strict.map { JSON($0) }), ("salvage", salvage.map { JSON($0) }),
            ("clock", clock?.json),
            ("uuid_seed", uuidSeed.map { JSON($0) }),
        ]
        json = JSON(given.compactMap { name, value in value.map { (name, $0) } })
    }

    /// A clock that begins at a time by RFC 3339 and advances with each document written.
    public struct Clock: Hashable, Sendable {
        public let start: String
        public let stepMS: Int

        public init(start: String, stepMS: Int) {
            self.start = start
            self.stepMS = stepMS
        }

        var json: JSON { ["start": JSON(start), "step_ms": JSON(stepMS)] }
    }
}
