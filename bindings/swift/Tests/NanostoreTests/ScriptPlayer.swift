import Nanostore

/// Plays the calls of a script through the binding.
struct ScriptPlayer {
    private var stores: [String: Store] = [:]
    private var cursors: [String: Cursor] = [:]

    mutating func play(_ call: ScriptCall) -> Outcome {
        do {
            return .result(try result(call))
        } catch let error as NanostoreError {
            return .failure(parsed(error.json))
        } catch {
            return .failure(.text("\(error)"))
        }
    }

    /// The error with its status as a name, which is what scripts say.
    static func named(_ error: Value) -> Value {
        guard let members = error.members else { return error }
        return .object(
            members.map { name, value in
                guard name == "status", let number = Int32(value.json) else { return (name, value) }
                return (name, .text(Status(rawValue: number).description))
            })
    }

    private mutating func result(_ call: ScriptCall) throws -> Value {
        switch call.name {
        case "json_quote": return parsed(JSON(try argument(call, "text")))
        case "json_get":
            let json = JSON(text: try argument(call, "json"))
            return try json.text(at: argument(call, "pointer")).map(Value.text) ?? .null
        case "open":
            let options = given(call, "options").map(Options.init(json:))
            stores[call.on] = try Store(argument(call, "path"), options)
            return .null
        case "close":
            try stores.removeValue(forKey: call.on)?.close()
            return .null
        case "snapshot":
            stores[try argument(call, "snapshot")] = try store(call).snapshot()
            return .null
        case "cursor_open":
            let query = given(call, "query").map(Query.init(json:))
            cursors[try argument(call, "cursor")] = try store(call).cursor(query)
            return .null
        case "cursor_next", "cursor_token", "cursor_close":
            return try onCursor(call)
        default: return try onStore(call)
        }
    }

    private mutating func onCursor(_ call: ScriptCall) throws -> Value {
        let name = try argument(call, "cursor")
        guard let cursor = cursors[name] else {
            throw Value.Fault(description: "no cursor \(name)")
        }
        switch call.name {
        case "cursor_next": return try cursor.next().map { parsed($0.json) } ?? .null
        case "cursor_token": return parsed(try cursor.token())
        default:
            cursor.close()
            cursors[name] = nil
            return .null
        }
    }

    private func onStore(_ call: ScriptCall) throws -> Value {
        let store = try store(call)
        let options = given(call, "options")
        let query = given(call, "query").map(Query.init(json:))
        func text(_ name: String) throws -> String { try argument(call, name) }
        func json(_ name: String) throws -> JSON { JSON(text: try argument(call, name)) }
        switch call.name {
        case "define":
            return parsed(try store.define(Schema(json: json("schema")), options: options))
        case "info": return parsed(try store.info())
        case "verify": return parsed(try store.verify())
        case "sync": try store.sync()
        case "checkpoint": try store.checkpoint()
        case "add": return parsed(try store.add(json("document"), options: options).json)
        case "get": return parsed(try store.get(text("id"), options: options).json)
        case "update":
            return parsed(try store.update(text("id"), json("patch"), options: options).json)
        case "replace":
            return parsed(try store.replace(text("id"), json("document"), options: options).json)
        case "delete": return parsed(try store.delete(text("id"), options: options))
        case "apply":
            let batch = Batch(json: try json("operations"))
            return parsed(try store.apply(batch, options: options).json)
        case "resolve_id": return .text(try store.resolveID(text("id")))
        case "resolve_ids": return parsed(try store.resolveIDs(json: json("ids")))
        case "list": return parsed(try store.list(query).json)
        case "count": return .number(String(try store.count(query)))
        case "explain": return parsed(try store.explain(query))
        case "changes": return parsed(try store.changes(options: options))
        default: throw Value.Fault(description: "an unknown function \(call.name)")
        }
        return .null
    }

    private func store(_ call: ScriptCall) throws -> Store {
        guard let store = stores[call.on] else {
            throw Value.Fault(description: "no store \(call.on)")
        }
        return store
    }

    private func argument(_ call: ScriptCall, _ name: String) throws -> String {
        guard let text = call.arguments[name] else {
            throw Value.Fault(description: "\(call.name) needs \(name)")
        }
        return text
    }

    private func given(_ call: ScriptCall, _ name: String) -> JSON? {
        call.arguments[name].map { JSON(text: $0) }
    }

    private func parsed(_ json: JSON) -> Value {
        do {
            return try Value(parsing: json.text)
        } catch {
            fatalError("the library gave bad JSON (\(error)): \(json.text)")
        }
    }
}
