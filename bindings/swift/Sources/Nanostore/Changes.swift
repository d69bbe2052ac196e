/// What was written since a revision, each document once.
public struct Changes: Sendable {
    public let json: JSON

    /// The last change of a document.
    public struct Change: Sendable {
        public let json: JSON

        public var uuid: String { json["uuid"]?.string ?? "" }
        /// The short ID as of now; nil when there is none.
        public var id: String? { json["id"]?.string }
        public var rev: Int { json["rev"]?.int ?? 0 }
        public var isDeletion: Bool { json["op"]?.string == "delete" }
    }

    /// In the order of the commits.
    public var changes: [Change] { (json["changes"]?.elements ?? []).map(Change.init(json:)) }

    /// The revision for the next call.
    public var next: Int { json["next"]?.int ?? 0 }

    /// Whether deletions before are not known any more.
    public var isTruncated: Bool { json["truncated"]?.bool ?? false }
}
