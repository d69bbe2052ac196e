// How long calls of the Swift interface take: `CallCost PATH CALLS` makes a store of 1,000
// documents at that path, and prints the nanoseconds of one call of each kind. A result is what a
// Swift program gets at least: the JSON in a String. `cargo xtask call-cost` runs its twins, too.
import Foundation
import Nanostore

let documents = 1000

/// The document of that number; every third one lies below the first.
func document(_ number: Int) -> JSON {
    let statuses: [JSON] = ["pending", "active", "done"]
    let priorities: [JSON] = ["low", "medium", "high"]
    let day = String(101 + number % 28).dropFirst()
    let members: [(String, JSON)] = [
        ("title", JSON("Task number \(number)")),
        ("body", "Two lines of what is to be done, by whom, and until when."),
        (
            "dimensions",
            [
                "status": statuses[number % 3], "priority": priorities[number % 5 % 3],
                "parent_id": number > 0 && number % 3 == 0 ? "key:first" : "",
            ]
        ),
        ("data", ["due": JSON("2027-01-\(day)"), "tags": ["a"]]),
    ]
    return JSON(number == 0 ? [("key", "first")] + members : members)
}

/// Prints the nanoseconds of one of `calls` calls.
func time(_ kind: String, _ calls: Int, _ call: (Int) throws -> Void) rethrows {
    let taken = try ContinuousClock().measure { for n in 0..<calls { try call(n) } }
    let (seconds, attoseconds) = taken.components
    print(kind, (Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)) / calls)
}

guard CommandLine.arguments.count == 3, let calls = Int(CommandLine.arguments[2]), calls > 0 else {
    print("usage: CallCost PATH CALLS")
    exit(2)
}
let schema = Schema([
    .enumerated(
        "status", values: ["pending", "active", "done"], prefixes: ["active": "a", "done": "d"],
        default: "pending"),
    .enumerated(
        "priority", values: ["low", "medium", "high"], prefixes: ["high": "h"], default: "medium"),
    .hierarchical("parent", refField: "parent_id"),
])
let clock = Options.Clock(start: "2026-01-01T00:00:00Z", stepMS: 1000)
let store = try Store(
    CommandLine.arguments[1], Options(schema: schema, clock: clock, uuidSeed: 1))
let uuids = try (0..<documents).map { try store.add(document($0)).uuid }
let added = (0..<calls).map { document(documents + $0) }
let fifty = Query(limit: 50)
var bytes = 0
try time("get", calls) { bytes += try store.get(uuids[$0 % documents]).json.text.utf8.count }
try time("list50", calls) { _ in bytes += try store.list(fifty).json.text.utf8.count }
try time("add", calls) { bytes += try store.add(added[$0]).json.text.utf8.count }
// The texts were really there.
guard bytes > calls else { exit(1) }
try store.close()
