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
    ///   - search: text to be found, in any letter case.
    ///   - orderBy: fields, one with a minus before it in descending order.
    ///   - after: the token of the page or the cursor before, with otherwise the same query.
    ///   - fields: the members that are told of each document; all of them when nil.
    public init(
        where condition: Condition? = nil, search: String? = nil, orderBy: [String] = [],
        limit: Int? = nil, offset: Int? = nil, after: JSON? = nil, fields: [String]? = nil,
        view: View? = nil
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
        json = JSON(members)
    }
}

/// A page of a listing.
public struct Page: Sendable {
    public let json: JSON

    public var documents: [Document] {
        (json["documents"]?.elements ?? []).map(Document.init(json:))
    }

    /// The token of the next page, for ``Query``'s `after`; nil on the last page.
    public var next: JSON? {
        json["next"].flatMap { $0.isNull ? nil : $0 }
    }
}
