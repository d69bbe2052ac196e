/// What the `where` of a query asks of a document.
///
///     Field("status") == "open" && (Field("data.litres") >= 2 || .under("1"))
public struct Condition: Hashable, Sendable {
    public let json: JSON

    /// A `where` that is already written, such as `["status": "open"]`.
    public init(json: JSON) {
        self.json = json
    }

    /// Below that document, at any depth, without itself.
    public static func under(_ id: String) -> Condition { Condition(json: ["$under": JSON(id)]) }
    public static func all(_ conditions: [Condition]) -> Condition { joined("$and", conditions) }
    public static func any(_ conditions: [Condition]) -> Condition { joined("$or", conditions) }
    public static func none(_ conditions: [Condition]) -> Condition { joined("$nor", conditions) }

    public static func && (left: Condition, right: Condition) -> Condition { all([left, right]) }
    public static func || (left: Condition, right: Condition) -> Condition { any([left, right]) }
    public static prefix func ! (condition: Condition) -> Condition {
        Condition(json: ["$not": condition.json])
    }

    private static func joined(_ name: String, _ conditions: [Condition]) -> Condition {
        Condition(json: JSON([(name, JSON(conditions.map(\.json)))]))
    }
}

/// A field of a document in a condition: a member, a dimension, or `data.a.b`.
public struct Field: Hashable, Sendable {
    public let name: String

    public init(_ name: String) {
        self.name = name
    }

    public static func == (field: Field, value: JSON) -> Condition { field.compare("$eq", value) }
    public static func == (field: Field, value: String) -> Condition { field == JSON(value) }
    public static func != (field: Field, value: JSON) -> Condition { field.compare("$ne", value) }
    public static func != (field: Field, value: String) -> Condition { field != JSON(value) }
    public static func > (field: Field, value: JSON) -> Condition { field.compare("$gt", value) }
    public static func >= (field: Field, value: JSON) -> Condition { field.compare("$gte", value) }
    public static func < (field: Field, value: JSON) -> Condition { field.compare("$lt", value) }
    public static func <= (field: Field, value: JSON) -> Condition { field.compare("$lte", value) }

    public func isOneOf(_ values: [JSON]) -> Condition { compare("$in", JSON(values)) }
    public func isNoneOf(_ values: [JSON]) -> Condition { compare("$nin", JSON(values)) }
    public func exists(_ exists: Bool = true) -> Condition { compare("$exists", JSON(exists)) }
    public func hasPrefix(_ prefix: String) -> Condition { compare("$prefix", JSON(prefix)) }
    /// An element of an array, or a piece of a text.
    public func contains(_ value: JSON) -> Condition { compare("$contains", value) }
    /// A pattern, in which `%` stands for any text and `_` for one character.
    public func isLike(_ pattern: String) -> Condition { compare("$like", JSON(pattern)) }
    public func hasSize(_ size: Int) -> Condition { compare("$size", JSON(size)) }

    private func compare(_ name: String, _ value: JSON) -> Condition {
        Condition(json: JSON([(self.name, JSON([(name, value)]))]))
    }
}
