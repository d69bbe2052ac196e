/// Several writes that happen together or not at all. Short IDs mean the state before the batch.
///
///     try store.apply([
///         .add(["title": "Paint"], as: "paint"),
///         .add(["title": "Brushes", "dimensions": ["parent_id": "$paint"]]),
///         .update(["1", "2"], ["dimensions": ["status": "done"]]),
///     ])
public struct Batch: Hashable, Sendable, ExpressibleByArrayLiteral {
    public let json: JSON

    /// Operations that are already written; `nanostore_apply()` tells their members.
    public init(json: JSON) {
        self.json = json
    }

    public init(_ operations: [Operation]) {
        json = JSON(operations.map(\.json))
    }

    public init(arrayLiteral operations: Operation...) {
        self.init(operations)
    }

    /// One write of a batch.
    public struct Operation: Hashable, Sendable {
        public let json: JSON

        /// - Parameter name: later operations say `$name` where an ID goes.
        public static func add(_ document: JSON, as name: String? = nil) -> Operation {
            make("add", [("document", document), ("as", name.map { JSON($0) })])
        }

        public static func add(
            _ document: some Encodable, as name: String? = nil
        ) throws(NanostoreError) -> Operation {
            add(try DocumentEncoder.encode(document, as: .whole), as: name)
        }

        public static func update(
            _ id: String, _ patch: JSON, ifRev: Int? = nil, ifUUID: String? = nil
        ) -> Operation {
            make("update", [("id", JSON(id)), ("patch", patch)], guarding(ifRev, ifUUID))
        }

        public static func update(_ ids: [String], _ patch: JSON) -> Operation {
            make("update", [("ids", JSON(ids.map { JSON($0) })), ("patch", patch)])
        }

        public static func update(where condition: Condition, _ patch: JSON) -> Operation {
            make("update", [("where", condition.json), ("patch", patch)])
        }

        public static func replace(
            _ id: String, _ document: JSON, ifRev: Int? = nil, ifUUID: String? = nil
        ) -> Operation {
            make("replace", [("id", JSON(id)), ("document", document)], guarding(ifRev, ifUUID))
        }

        public static func delete(
            _ id: String, cascade: Bool = false, ifRev: Int? = nil, ifUUID: String? = nil
        ) -> Operation {
            let cascade: JSON? = cascade ? true : nil
            return make(
                "delete", [("id", JSON(id)), ("cascade", cascade)], guarding(ifRev, ifUUID))
        }

        public static func delete(_ ids: [String], cascade: Bool = false) -> Operation {
            let all = JSON(ids.map { JSON($0) })
            return make("delete", [("ids", all), ("cascade", cascade ? true : nil)])
        }

        public static func delete(where condition: Condition, cascade: Bool = false) -> Operation {
            make("delete", [("where", condition.json), ("cascade", cascade ? true : nil)])
        }

        private static func make(
            _ op: String, _ members: [(String, JSON?)], _ guards: [(String, JSON)] = []
        ) -> Operation {
            let given = members.compactMap { name, value in value.map { (name, $0) } }
            return Operation(json: JSON([("op", JSON(op))] + given + guards))
        }
    }
}

/// What a batch did.
public struct BatchResult: Sendable {
    public let json: JSON

    /// The number of the commit.
    public var commit: Int { json["commit"]?.int ?? 0 }

    /// The documents of each operation, in the order of the operations: with their IDs after the
    /// batch, deleted ones with those before it.
    public var documents: [[Document]] {
        (json["results"]?.elements ?? []).map { result in
            if let one = result["document"] { return [Document(json: one)] }
            let several = result["documents"] ?? result["deleted"]
            return (several?.elements ?? []).map(Document.init(json:))
        }
    }
}
