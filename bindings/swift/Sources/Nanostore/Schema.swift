/// Which fields of the documents shape their short IDs. Written by hand, or taken from a type whose
/// properties are declared with ``Dimension`` and ``Parent``.
public struct Schema: Hashable, Sendable {
    public enum Numbering: String, Sendable {
        /// Numbers close up when a document leaves.
        case dense
        /// A number, once given, stays with its document.
        case stable
    }

    public let json: JSON

    /// A schema that is already written; `nanostore_define()` tells its members.
    public init(json: JSON) {
        self.json = json
    }

    /// - Parameters:
    ///   - canonicalView: what a listing without a condition of its own shows.
    ///   - version: keeps two versions of a program from changing the schema to and fro.
    public init(
        _ dimensions: [Declaration], canonicalView: Condition? = nil, numbering: Numbering? = nil,
        version: Int? = nil
    ) {
        var members: [(String, JSON)] = []
        if let version { members.append(("schema_version", JSON(version))) }
        members.append(("dimensions", JSON(dimensions.map(\.json))))
        if let canonicalView { members.append(("canonical_view", canonicalView.json)) }
        if let numbering { members.append(("numbering", JSON(numbering.rawValue))) }
        json = JSON(members)
    }

    /// The dimensions that a type declares.
    public init<Value: StoredDocument>(
        of type: Value.Type, canonicalView: Condition? = nil, numbering: Numbering? = nil,
        version: Int? = nil
    ) throws(NanostoreError) {
        let dimensions = try DocumentEncoder.declarations(of: type)
        self.init(
            dimensions, canonicalView: canonicalView, numbering: numbering, version: version)
    }

    /// One dimension.
    public struct Declaration: Hashable, Sendable {
        public let json: JSON

        /// A field with values, some of which put letters before a number.
        /// - Parameter values: all that are allowed, in their order; empty: any text.
        public static func enumerated(
            _ name: String, values: [String] = [], prefixes: [String: String] = [:],
            default value: String? = nil
        ) -> Declaration {
            var members: [(String, JSON)] = [("name", JSON(name)), ("type", "enumerated")]
            if !values.isEmpty { members.append(("values", JSON(values.map { JSON($0) }))) }
            if !prefixes.isEmpty {
                // Always in the same order, so that the same program writes the same file.
                let sorted = prefixes.sorted { $0.key < $1.key }
                members.append(("prefixes", JSON(sorted.map { ($0.key, JSON($0.value)) })))
            }
            if let value { members.append(("default_value", JSON(value))) }
            return Declaration(json: JSON(members))
        }

        /// The field that refers to the parent.
        /// - Parameter refField: the member that holds the parent's UUID; the name with `_id`
        ///   behind it when nil.
        public static func hierarchical(_ name: String, refField: String? = nil) -> Declaration {
            var members: [(String, JSON)] = [("name", JSON(name)), ("type", "hierarchical")]
            if let refField { members.append(("ref_field", JSON(refField))) }
            return Declaration(json: JSON(members))
        }
    }
}
