import Foundation

/// One call, as plain text: what a program in any language can do.
struct ScriptCall {
    let name: String
    /// The name of the handle it is made on.
    var on = "a"
    /// The arguments by name; an argument that is not there is NULL.
    var arguments: [String: String] = [:]
}

/// What came of a call: the result, or the error's JSON.
enum Outcome {
    case result(Value)
    case failure(Value)
}

/// Where the store of a script lives.
enum Place: String, CaseIterable {
    case file, memory
}

/// A script of `fixtures/scripts`; the README there describes them.
struct Script {
    let name: String
    private let whole: Value

    init(_ file: URL) throws {
        whole = try Value(parsing: String(contentsOf: file, encoding: .utf8))
        name = file.deletingPathExtension().lastPathComponent
        guard whole["name"]?.text == name else {
            throw Value.Fault(description: "a script is named like its file")
        }
    }

    var steps: [Value] { whole["steps"]?.elements ?? [] }

    /// Whether all it does makes sense for a store in that place.
    func fits(_ place: Place) -> Bool {
        if place == .file { return true }
        let startsWithFile = ["fixture", "file"].contains { member in
            whole["open"]?[member].map { $0 != .null } ?? false
        }
        let needsFile = steps.contains { step in
            let call = step["call"]?.text ?? ""
            return call.contains("file") || call == "read_json" || call == "open"
        }
        return whole["memory"] != .bool(false) && !startsWithFile && !needsFile
    }

    /// Plays the script in an empty folder; gives the number of steps.
    func play(in place: Place, _ folder: URL) throws -> Int {
        let file = folder.appendingPathComponent("store.json")
        var stage = Stage(file: file, inMemory: place == .memory)
        if let open = whole["open"] {
            try stage.prepareFile(open)
            try stage.take(open, "open", describedAs: "open")
        }
        for (n, step) in steps.enumerated() {
            let described = "step \(n + 1): \(step.json)"
            try stage.take(step, step["call"]?.text ?? "", describedAs: described)
        }
        if whole["finale"] != .bool(false) { try stage.finale() }
        return steps.count
    }
}

/// A script being played.
private struct Stage {
    let file: URL
    let inMemory: Bool
    var player = ScriptPlayer()
    var saved: [String: Value] = [:]

    /// Members of a step that are not arguments of its call.
    static let notArguments: Set = [
        "call", "on", "about", "expect", "error", "save", "fixture", "file",
    ]

    func prepareFile(_ open: Value) throws {
        if let name = open["fixture"]?.text {
            let fixture = Project.folder.appendingPathComponent("fixtures/\(name).json")
            try FileManager.default.copyItem(at: fixture, to: file)
        }
        if let content = open["file"], content != .null { try write(content.plain) }
    }

    mutating func take(_ step: Value, _ name: String, describedAs described: String) throws {
        let step = try substituted(step)
        var call = ScriptCall(name: name)
        call.on = step["on"]?.text ?? call.on
        for (name, value) in step.members ?? [] where !Stage.notArguments.contains(name) {
            call.arguments[name] = value.plain
        }
        let outcome = perform(call)
        if let fault = judged(step, outcome) {
            throw Value.Fault(description: "\(described)\n        \(fault)")
        }
        guard case .result(let result) = outcome else { return }
        for (name, pointer) in step["save"]?.members ?? [] {
            guard let value = result.at(pointer.plain) else {
                throw Value.Fault(description: "\(described)\n        no \(pointer.json) to save")
            }
            saved[name] = value
        }
    }

    /// Calls on the file are done here, all others by the player.
    private mutating func perform(_ call: ScriptCall) -> Outcome {
        var call = call
        do {
            switch call.name {
            case "write_file": try write(call.arguments["text"] ?? "")
            case "remove_file": try FileManager.default.removeItem(at: file)
            case "read_file": return .result(.text(try read()))
            case "read_json": return .result(try Value(parsing: read()))
            case "open":
                let path = call.arguments["path"] ?? (inMemory ? ":memory:" : file.path)
                call.arguments["path"] = path
                return player.play(call)
            default: return player.play(call)
            }
            return .result(.null)
        } catch {
            return .failure(.text("\(error)"))
        }
    }

    private func read() throws -> String { try String(contentsOf: file, encoding: .utf8) }

    /// Writes a file that looks an hour old: one that changed just now may be half written, and the
    /// library would wait for the rest of a bad one.
    private func write(_ text: String) throws {
        try Data(text.utf8).write(to: file)
        let anHourAgo = Date.now.addingTimeInterval(-3600)
        let path = file.path
        try FileManager.default.setAttributes([.modificationDate: anHourAgo], ofItemAtPath: path)
    }

    /// Every script leaves a store that is whole, and a file that says the same when read again.
    mutating func finale() throws {
        let all = ScriptCall(name: "list", arguments: ["query": #"{"view":"all"}"#])
        let report = try result(ScriptCall(name: "verify"))
        guard report["ok"] == .bool(true) else {
            throw Value.Fault(description: "verify says \(report.json)")
        }
        let before = try result(all)
        _ = try result(ScriptCall(name: "close"))
        if inMemory { return }
        _ = try result(ScriptCall(name: "open"))
        let after = try result(all)
        _ = try result(ScriptCall(name: "close"))
        if let fault = Expectation.difference(before, after, at: "reopened") {
            throw Value.Fault(description: fault)
        }
    }

    private mutating func result(_ call: ScriptCall) throws -> Value {
        switch perform(call) {
        case .result(let value): return value
        case .failure(let error):
            throw Value.Fault(description: "after the last step: \(call.name): \(error.json)")
        }
    }

    /// `value` with each `${name}` replaced by what was saved under that name.
    private func substituted(_ value: Value) throws -> Value {
        switch value {
        case .text(let text): try substituted(text)
        case .array(let elements): .array(try elements.map(substituted))
        case .object(let members):
            .object(
                try members.map { member in
                    (try substituted(member.name).plain, try substituted(member.value))
                })
        default: value
        }
    }

    /// A text that is nothing but one `${name}` becomes the saved value, of whatever type.
    private func substituted(_ text: String) throws -> Value {
        func saved(_ name: Substring) throws -> Value {
            if let value = self.saved[String(name)] { return value }
            throw Value.Fault(description: "nothing saved as \(name)")
        }
        if let whole = text.wholeMatch(of: #/\$\{([^}]*)\}/#) { return try saved(whole.1) }
        return .text(try text.replacing(#/\$\{([^}]*)\}/#) { try saved($0.1).plain })
    }
}

private func judged(_ step: Value, _ outcome: Outcome) -> String? {
    switch (outcome, step["error"], step["expect"]) {
    case (.failure(let error), let expected?, _):
        Expectation.difference(expected, ScriptPlayer.named(error), at: "error")
    case (.failure(let error), nil, _): "failed: \(error.json)"
    case (.result(let result), .some, _): "expected an error, got \(result.json)"
    case (.result(let result), nil, let expected?):
        Expectation.difference(expected, result, at: "result")
    case (.result, nil, nil): nil
    }
}
