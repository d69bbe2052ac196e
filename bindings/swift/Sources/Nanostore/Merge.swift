import CNanostore

/// What came of a merge of two versions of a file.
public struct Merge: Sendable {
    public let json: JSON

    /// Something that a person has to decide; the file has conflict markers there.
    public struct Conflict: Sendable {
        public let json: JSON

        /// `changed`, `deleted` or `metadata`.
        public var kind: String { json["kind"]?.string ?? "" }
        /// Of the document; nil for metadata.
        public var uuid: String? { json["uuid"]?.string }
        public var title: String? { json["title"]?.string }
        /// The members that both sides changed.
        public var fields: [String] { (json["fields"]?.elements ?? []).compactMap(\.string) }
        public var message: String { json["message"]?.string ?? "" }
    }

    /// Whether a person has nothing to decide.
    public var isClean: Bool { json["clean"]?.bool ?? false }
    public var documents: Int { json["documents"]?.int ?? 0 }
    public var conflicts: [Conflict] {
        (json["conflicts"]?.elements ?? []).map(Conflict.init(json:))
    }

    /// Merges the version of a store's file at `theirs` into the one at `ours`, document by
    /// document, as a merge driver of git does. `base` is the version that both come from, nil when
    /// nobody knows it; `names` is what the sides are called in messages and conflict markers.
    /// Conflicts are no error.
    public init(
        base: String? = nil, ours: String, theirs: String,
        names: (ours: String, theirs: String)? = nil
    ) throws(NanostoreError) {
        var report: UnsafeMutablePointer<CChar>?
        var error: OpaquePointer?
        let options = names.map { JSON([("ours", JSON($0.ours)), ("theirs", JSON($0.theirs))]) }
        var status = NANOSTORE_OK
        try withTexts(base, ours, theirs) { base, ours, theirs in
            withText(options?.text) { options in
                status = nanostore_merge(base, ours, theirs, options, &report, &error)
            }
        }
        try check(status, error)
        json = JSON(text: take(report) ?? "{}")
    }
}
