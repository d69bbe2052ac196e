/// What a property declared with ``Dimension`` may hold: a `String`, an enumeration of strings that
/// says it is a `DimensionValue`, or an optional of these where the dimension has no default.
public protocol DimensionValue: Sendable {
    /// Nil when there is no such value; the text is nil when the document has none.
    init?(dimensionText: String?)
    var dimensionText: String? { get }
}

extension String: DimensionValue {
    public init?(dimensionText: String?) {
        guard let dimensionText else { return nil }
        self = dimensionText
    }

    public var dimensionText: String? { self }
}

extension Optional: DimensionValue where Wrapped: DimensionValue {
    public init?(dimensionText: String?) {
        guard let dimensionText else {
            self = .none
            return
        }
        guard let wrapped = Wrapped(dimensionText: dimensionText) else { return nil }
        self = wrapped
    }

    public var dimensionText: String? { self?.dimensionText }
}

extension DimensionValue where Self: RawRepresentable, RawValue == String {
    public init?(dimensionText: String?) {
        guard let dimensionText else { return nil }
        self.init(rawValue: dimensionText)
    }

    public var dimensionText: String? { rawValue }
}

/// Declares a property to be an enumerated dimension of the documents. A file that imports
/// Foundation, which has a class of the name, also says `import struct Nanostore.Dimension`.
@propertyWrapper
public struct Dimension<Value: DimensionValue>: Sendable {
    public var wrappedValue: Value
    private let values: [String]
    private let prefixes: [String: String]
    private let defaultText: String?

    /// - Parameters:
    ///   - values: all that are allowed, in their order; empty: any text.
    ///   - prefixes: the letters that a value puts before the number of a short ID.
    ///   - value: what a document has that says nothing; it puts no letter into an ID.
    public init(
        values: [String] = [], prefixes: [String: String] = [:], default value: Value
    ) {
        wrappedValue = value
        self.values = values
        self.prefixes = prefixes
        defaultText = value.dimensionText
    }

    /// A value alone, where an initialiser asks for one: `Note(status: .init(text))`.
    public init(_ value: Value) {
        self.init(default: value)
    }

    /// Declares the cases of an enumeration for values.
    public init(prefixes: [Value: String] = [:], default value: Value)
    where Value: CaseIterable & RawRepresentable<String> & Hashable {
        let texts = prefixes.map { ($0.key.rawValue, $0.value) }
        self.init(
            values: Value.allCases.map(\.rawValue),
            prefixes: Dictionary(uniqueKeysWithValues: texts), default: value)
    }
}

/// Declares a property to refer to the parent: an ID in any form going in, the parent's UUID coming
/// out, nil at the top. A property `parent` is kept as `parent_id`.
@propertyWrapper
public struct Parent: Sendable, Hashable {
    public var wrappedValue: String?

    public init() {
        wrappedValue = nil
    }

    public init(wrappedValue: String?) {
        self.wrappedValue = wrappedValue
    }
}

// So that `Note(title: "Brushes", status: "done", parent: "1")` reads as it is meant.
extension Dimension: ExpressibleByStringLiteral, ExpressibleByUnicodeScalarLiteral,
    ExpressibleByExtendedGraphemeClusterLiteral
where Value == String {
    public init(stringLiteral value: String) { self.init(value) }
}

extension Parent: ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    public init(stringLiteral value: String) { wrappedValue = value }
    public init(nilLiteral: ()) { wrappedValue = nil }
}

/// A property that is a dimension, whatever its type.
protocol DeclaredDimension: Codable {
    init?(dimensionText: String?)
    var dimensionText: String? { get }
    /// The member of `dimensions` that it is, and what the schema says of it.
    static func member(_ name: String) -> String
    func declaration(_ name: String) -> Schema.Declaration
}

extension Dimension: DeclaredDimension {
    init?(dimensionText: String?) {
        guard let value = Value(dimensionText: dimensionText) else { return nil }
        self.init(value)
    }

    var dimensionText: String? { wrappedValue.dimensionText }

    static func member(_ name: String) -> String { name }

    func declaration(_ name: String) -> Schema.Declaration {
        .enumerated(name, values: values, prefixes: prefixes, default: defaultText)
    }
}

extension Parent: DeclaredDimension {
    init?(dimensionText: String?) {
        wrappedValue = dimensionText
    }

    var dimensionText: String? { wrappedValue }

    static func member(_ name: String) -> String { "\(name)_id" }

    func declaration(_ name: String) -> Schema.Declaration {
        .hierarchical(name, refField: Parent.member(name))
    }
}

// Outside of a document, in another JSON file of the program say, a dimension is its text.
extension DeclaredDimension {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = container.decodeNil() ? nil : try container.decode(String.self)
        guard let value = Self(dimensionText: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no such value: \(text ?? "none")")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let dimensionText {
            try container.encode(dimensionText)
        } else {
            try container.encodeNil()
        }
    }
}

extension Dimension: Codable {}
extension Parent: Codable {}

extension Dimension: Equatable where Value: Equatable {
    /// Values are compared; how they were declared is not.
    public static func == (left: Self, right: Self) -> Bool {
        left.wrappedValue == right.wrappedValue
    }
}

extension Dimension: Hashable where Value: Hashable {
    public func hash(into hasher: inout Hasher) {
        hasher.combine(wrappedValue)
    }
}
