/// A request for documents: which, in what order, how many. Without anything it means all that the
/// canonical view shows, in the order of the short IDs.
///
///     Query(where: Field("status") == "open", orderBy: ["-created_at"], limit: 20)
public struct Query: Hashable, Sendable {
    public enum View: String, Sendable {
        case all, canonical
    }

    public let json: JSON

    /// A query that is already written; `nanostore_list()` tells its members.
    public init(json: JSON) {
        self.json = json
    }

    /// - Parameters:
    ///   - hits: lets documents tell where `search` was found.
    ///   - total: lets the page tell how many documents there are on all pages.
    ///   - index: gives the documents by the entries that it chooses of an index of the schema.
    ///   - search: text to be found, in any letter case.
    ///   - orderBy: fields, one with a minus before it in descending order.
    ///   - after: the token of the page or the cursor before, with otherwise the same query.
    ///   - fields: the members that are told of each document; all of them when nil.
    public init(
        where condition: Condition? = nil, search: String? = nil, orderBy: [String] = [],
        limit: Int? = nil, offset: Int? = nil, after: JSON? = nil, fields: [String]? = nil,
        view: View? = nil, total: Bool = false, hits: Bool = false, index: Entries? = nil
    ) {
        var members: [(String, JSON)] = []
        if let condition { members.append(("where", condition.json)) }
        if let search { members.append(("search", JSON(search))) }
        if !orderBy.isEmpty { members.append(("order_by", JSON(orderBy.map { JSON($0) }))) }
        if let limit { members.append(("limit", JSON(limit))) }
        if let offset { members.append(("offset", JSON(offset))) }
        if let after { members.append(("after", after)) }
        if let fields { members.append(("fields", JSON(fields.map { JSON($0) }))) }
        if let view { members.append(("view", JSON(view.rawValue))) }
        if total { members.append(("total", true)) }
        if hits { members.append(("hits", true)) }
        if let index { members += index.members }
        json = JSON(members)
    }
}

/// Entries of an index, in the order of their keys.
///
///     Query(index: Entries("by_due", range: [.from("2026-01-01")]))
public struct Entries: Hashable, Sendable {
    /// An end of a range of keys.
    public enum Bound: Hashable, Sendable {
        case from(JSON), above(JSON), upTo(JSON), below(JSON)

        fileprivate var member: (String, JSON) {
            switch self {
            case .from(let key): return ("gte", key)
            case .above(let key): return ("gt", key)
            case .upTo(let key): return ("lte", key)
            case .below(let key): return ("lt", key)
            }
        }
    }

    fileprivate var name: JSON
    fileprivate var key: JSON?
    fileprivate var range: [Bound]
    fileprivate var prefix: String?
    fileprivate var isDescending: Bool
    fileprivate var group: Int?

    /// - Parameters:
    ///   - name: the index; `key` is that of the keys of documents.
    ///   - key: only the entries with this key, or, an array, with these first values of one.
    ///   - range: only those between; an end that is left out is open.
    ///   - prefix: only those whose text begins so.
    ///   - descending: from the last to the first.
    public init(
        _ name: String, key: JSON? = nil, range: [Bound] = [], prefix: String? = nil,
        descending: Bool = false
    ) {
        self.name = JSON(name)
        self.key = key
        self.range = range
        self.prefix = prefix
        isDescending = descending
    }

    /// The same in groups of entries that have so many first fields of their keys in common; nil:
    /// the whole key, 0: one group of all.
    func grouped(by fields: Int?) -> Entries {
        var grouped = self
        grouped.group = fields ?? Int(Int32.max)
        return grouped
    }

    fileprivate var members: [(String, JSON)] {
        var members = [("index", name)]
        if let key { members.append(("key", key)) }
        if !range.isEmpty { members.append(("range", JSON(range.map(\.member)))) }
        if let prefix { members.append(("prefix", JSON(prefix))) }
        if isDescending { members.append(("desc", true)) }
        if let group { members.append(("group", JSON(group))) }
        return members
    }
}

/// A page of a listing.
public struct Page: Sendable {
    public let json: JSON

    public var documents: [Document] {
        (json["documents"]?.elements ?? []).map(Document.init(json:))
    }

    /// How many documents there are on all pages, when the query asks for it.
    public var total: Int? { json["total"]?.int }

    /// The token of the next page, for ``Query``'s `after`; nil on the last page.
    public var next: JSON? {
        json["next"].flatMap { $0.isNull ? nil : $0 }
    }
}
