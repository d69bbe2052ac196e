// A complete little task program: `todo FILE COMMAND ...`; without a command it lists them. Tasks
// live in one JSON file, and their short IDs follow from what the properties of Task declare.
import Foundation
import Nanostore
import struct Nanostore.Dimension

struct Task: StoredDocument {
    var title = ""
    @Dimension(values: ["pending", "active", "done"], prefixes: ["active": "a", "done": "d"],
        default: "pending") var status: String
    @Dimension(values: ["normal", "high"], prefixes: ["high": "h"], default: "normal")
    var priority: String
    @Parent var parent: String?
    var due: String?
}

typealias Command = (usage: String, run: (Store, [String]) throws -> Void)

let commands: KeyValuePairs<String, Command> = [
    "add": ("[--high] [--under ID] [--due DATE] TITLE...", add),
    "start": ("ID...", change("started", ["dimensions": ["status": "active"]])),
    "done": ("ID...", change("done", ["dimensions": ["status": "done"]])),
    "reopen": ("ID...", change("reopened", ["dimensions": ["status": "pending"]])),
    "raise": ("ID...", change("raised", ["dimensions": ["priority": "high"]])),
    "lower": ("ID...", change("lowered", ["dimensions": ["priority": "normal"]])),
    "rename": ("ID TITLE...", rename),
    "move": ("ID PARENT-ID|top", move),
    "delete": ("[--cascade] ID...", delete),
    "list": ("[all]", { try list($0, nil, $1 == ["all"] ? .all : .canonical) }),
    "search": ("TEXT...", { try list($0, joined($1), .all) }),
    "show": ("ID", show),
]

func joined(_ words: [String]) -> String { words.joined(separator: " ") }

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

func add(to store: Store, _ words: [String]) throws {
    var (task, words) = (Task(), words[...])
    while let word = words.first, word.hasPrefix("--"), words.count > 1 {
        words.removeFirst()
        switch word {
        case "--high": task.priority = "high"
        case "--under": task.parent = words.removeFirst()
        default: task.due = words.removeFirst()
        }
    }
    task.title = joined(Array(words))
    say("added", [try store.add(task)])
}

/// One patch for all tasks named, in one batch: the IDs mean the state before it.
func change(_ said: String, _ patch: JSON) -> (Store, [String]) throws -> Void {
    { store, ids in say(said, try store.apply([.update(ids, patch)]).documents[0]) }
}

func rename(in store: Store, _ words: [String]) throws {
    let title = JSON(joined(Array(words.dropFirst())))
    say("renamed", [try store.update(words[0], ["title": title])])
}

func move(in store: Store, _ words: [String]) throws {
    let parent = words.last == "top" ? JSON.null : JSON(words.last!)
    say("moved", [try store.update(words[0], ["dimensions": ["parent_id": parent]])])
}

func delete(from store: Store, _ words: [String]) throws {
    let cascade = words.first == "--cascade"
    let batch: Batch = [.delete(Array(words.dropFirst(cascade ? 1 : 0)), cascade: cascade)]
    say("deleted", try store.apply(batch).documents[0])
}

/// Prints each task as one line of a tree.
func list(_ store: Store, _ search: String?, _ view: Query.View) throws {
    let fields = ["id", "title", "level", "status", "priority", "data.due"]
    let tasks = try store.list(Query(search: search, fields: fields, view: view)).documents
    for task in tasks {
        let indent = String(repeating: " ", count: 4 * (task.level ?? 1) - 2)
        let box = ["done": "[x]", "active": "[>]"][task.dimensions["status"]] ?? "[ ]"
        let mark = task.dimensions["priority"] == "high" ? " !" : ""
        let due = task.data["due"]?.string.map { "  (due \($0))" } ?? ""
        print("\(indent)\(padded(task.id ?? "", 6)) \(box) \(task.title)\(mark)\(due)")
    }
    if tasks.isEmpty { print("  (nothing)") }
}

func show(in store: Store, _ words: [String]) throws {
    let task = try store.get(words[0]).json
    for name in ["id", "title", "dimensions", "data", "created_at", "updated_at", "rev", "uuid"] {
        if let value = try task.text(at: "/\(name)") { print("\(padded(name, 11)) \(value)") }
    }
}

func say(_ said: String, _ tasks: [Document]) {
    for task in tasks { print(padded(said, 8), padded(task.id ?? "", 6), task.title) }
}

let words = Array(CommandLine.arguments.dropFirst())
guard words.count > 1, let command = commands.first(where: { $0.key == words[1] })?.value else {
    print("usage: todo FILE COMMAND ...")
    for (name, command) in commands { print("       \(name) \(command.usage)") }
    exit(2)
}
do {
    let view = Field("status").isOneOf(["pending", "active"])
    let schema = try Schema(of: Task.self, canonicalView: view, version: 1)
    // A clock and a seed from outside let a scripted day print the same bytes each time.
    let settings = ProcessInfo.processInfo.environment
    let clock = settings["TODO_CLOCK"].map { Options.Clock(start: $0, stepMS: 1000) }
    let seed = settings["TODO_SEED"].flatMap(Int.init)
    let store = try Store(words[0], Options(schema: schema, clock: clock, uuidSeed: seed))
    try command.run(store, Array(words.dropFirst(2)))
    try store.close()
} catch {
    print("todo: \((error as? NanostoreError)?.message ?? "\(error)")")
    if let hint = (error as? NanostoreError)?.hint { print("  hint: \(hint)") }
    exit(1)
}
