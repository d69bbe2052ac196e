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
        _ dimensions: [Declaration] = [], canonicalView: Condition? = nil,
        numbering: Numbering? = nil, version: Int? = nil, indexes: [Index] = []
    ) {
        var members: [(String, JSON)] = []
        if let version { members.append(("schema_version", JSON(version))) }
        members.append(("dimensions", JSON(dimensions.map(\.json))))
        if let canonicalView { members.append(("canonical_view", canonicalView.json)) }
        if let numbering { members.append(("numbering", JSON(numbering.rawValue))) }
        if !indexes.isEmpty { members.append(("indexes", JSON(indexes.map(\.json)))) }
        json = JSON(members)
    }

    /// The dimensions that a type declares.
    public init<Value: StoredDocument>(
        of type: Value.Type, canonicalView: Condition? = nil, numbering: Numbering? = nil,
        version: Int? = nil, indexes: [Index] = []
    ) throws(NanostoreError) {
        let dimensions = try DocumentEncoder.declarations(of: type)
        self.init(
            dimensions, canonicalView: canonicalView, numbering: numbering, version: version,
            indexes: indexes)
    }

    /// An ordered list of entries, each a key and a document, that queries use by themselves and
    /// may name with ``Entries``.
    public struct Index: Hashable, Sendable {
        public let json: JSON

        /// What groups of entries come to, see ``Store/groups(_:by:where:)``.
        public enum Reduce: Hashable, Sendable {
            case count, sum(String), least(String), greatest(String), stats(String)

            fileprivate var json: JSON {
                switch self {
                case .count: return "count"
                case .sum(let field): return JSON([("sum", JSON(field))])
                case .least(let field): return JSON([("min", JSON(field))])
                case .greatest(let field): return JSON([("max", JSON(field))])
                case .stats(let field): return JSON([("stats", JSON(field))])
                }
            }
        }

        /// A field of a key.
        public struct Field: Hashable, Sendable, ExpressibleByStringLiteral {
            fileprivate let json: JSON

            /// A minus before the name: the greatest values come first.
            public init(stringLiteral name: String) {
                json = JSON(name)
            }

            /// - Parameter slice: the characters of its text that count.
            public init(_ name: String, slice: Range<Int>? = nil) {
                var members: [(String, JSON)] = [("field", JSON(name))]
                if let slice {
                    let ends = [JSON(slice.lowerBound), JSON(slice.upperBound)]
                    members.append(("slice", JSON(ends)))
                }
                json = JSON(members)
            }
        }

        /// - Parameters:
        ///   - unique: no two documents may have one key.
        ///   - multi: an array in the first field gives an entry for each of its elements.
        ///   - missing: documents that lack a field have entries, too.
        ///   - condition: which documents have entries.
        ///   - include: the fields that a listing by this index gives.
        public init(
            _ name: String, _ fields: [Field], unique: Bool = false, multi: Bool = false,
            missing: Bool = false, where condition: Condition? = nil, include: [String]? = nil,
            reduce: Reduce? = nil
        ) {
            var members = [("name", JSON(name)), ("fields", JSON(fields.map(\.json)))]
            if unique { members.append(("unique", true)) }
            if multi { members.append(("multi", true)) }
            if missing { members.append(("missing", true)) }
            if let condition { members.append(("where", condition.json)) }
            if let include { members.append(("include", JSON(include.map { JSON($0) }))) }
            if let reduce { members.append(("reduce", reduce.json)) }
            json = JSON(members)
        }
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
