import Foundation
import Nanostore
import XCTest

import struct Nanostore.Dimension

private enum Priority: String, CaseIterable, Codable, DimensionValue {
    case low, medium, high
}

private struct Everything: StoredDocument, Equatable {
    struct Place: Codable, Equatable {
        var name = "home"
        var at = [1.5, -2.25]
    }

    var key: String?
    var rev: Int?
    var title = ""
    var createdAt: Date?
    @Dimension(prefixes: [.high: "h"], default: .medium) var priority: Priority
    @Dimension(values: ["a", "b"], default: nil) var label: String?
    @Parent var parent: String?
    var flag = true
    var small = Int8.min
    var large = UInt64.max
    var exact = Decimal(string: "12345678901234567890.123456789")!
    var tiny = Double.leastNonzeroMagnitude
    var due = Date(timeIntervalSinceReferenceDate: 801_234_567.123456789)
    var bytes = Data([0, 255, 1])
    var place: Place? = Place()
    var notes: [String: [Int]] = ["x": [1, 2], "": []]
    var text = "quote\" \\ / \u{1f30a} \0"
    var nothing: Int?

    enum CodingKeys: String, CodingKey {
        case key, rev, title, createdAt, priority, label, parent, flag, small, large, exact, tiny
        case due = "Due"
        case bytes, place, notes, text, nothing
    }
}

final class ValueTests: XCTestCase {
    func test_a_value_of_every_kind_survives_a_reload_exactly() throws {
        try Project.inEmptyFolder { folder in
            let path = folder.appendingPathComponent("s.json").path
            let store = try Store(path, Options(schema: Schema(of: Everything.self)))
            var value = Everything()
            value.key = "k"
            value.title = "All"
            value.priority = .high
            value.label = "b"
            value.createdAt = Date(timeIntervalSinceReferenceDate: 7.5)
            let parent = try store.add(["title": "Top"])
            value.parent = "1"
            XCTAssertEqual(try store.add(value).id, "1.h1")
            try store.close()

            let read = try Store(path).get("key:k", as: Everything.self)
            value.parent = parent.uuid
            value.rev = 2
            XCTAssertEqual(read, value)
        }
    }

    func test_members_go_where_they_belong() throws {
        let store = try Store.ofNotes("A")
        let note = Note(title: "B", parent: "1", litres: 2.5, tags: ["x"])
        let json = try store.add(note).json
        XCTAssertEqual(json["title"]?.string, "B")
        XCTAssertEqual(json["dimensions"]?.members?.map(\.name), ["status", "parent_id"])
        XCTAssertEqual(json["data"]?.text, #"{"litres":2.5,"tags":["x"]}"#)
    }

    func test_an_update_writes_what_the_type_has_and_nothing_else() throws {
        let store = try Store.ofNotes("A")
        try store.update("1", ["data": ["litres": 1, "tags": ["x"], "other": 7], "body": "kept"])
        var note = try store.get("1", as: Note.self)
        note.status = "done"
        note.tags = nil
        let updated = try store.update("1", note)
        XCTAssertEqual(updated.id, "d1")
        XCTAssertEqual(updated.body, "kept")
        XCTAssertEqual(updated.data["other"]?.int, 7)
        XCTAssertNil(updated.data["tags"])
        let replaced = try store.replace("d1", note)
        XCTAssertNil(replaced.data["other"])
        XCTAssertEqual(replaced.uuid, updated.uuid)
    }

    func test_a_value_that_was_read_does_not_overwrite_a_later_write() throws {
        struct Titled: Codable {
            var rev: Int?
            var title: String
        }
        let store = try Store.ofNotes("A")
        var stale = try store.get("1", as: Titled.self)
        try store.update("1", ["title": "B"])
        stale.title = "C"
        XCTAssertEqual(failure { try store.update("1", stale) }?.status, .conflict)
    }

    func test_modify_begins_anew_when_somebody_else_wrote() throws {
        let store = try Store.ofNotes("A", "B")
        var attempts = 0
        let after = try store.modify("2", as: Note.self) { note in
            attempts += 1
            if attempts == 1 {
                // Another writer: the document changes, and its short ID too.
                _ = try? store.apply([
                    .update("2", ["data": ["litres": 4]]), .delete(["1"]),
                ])
            }
            note.litres = (note.litres ?? 0) + 1
        }
        XCTAssertEqual(attempts, 2)
        XCTAssertEqual([after.id, after.title, after.data.text], ["1", "B", #"{"litres":5}"#])
    }

    func test_what_does_not_fit_the_type_is_an_error_that_names_the_place() throws {
        struct Strict: Codable {
            var litres: Int
        }
        let store = try Store.ofNotes("A")
        let missing = try XCTUnwrap(failure { _ = try store.get("1", as: Strict.self) })
        XCTAssertEqual(missing.status, .invalid)
        XCTAssertEqual(missing.message, "not a document as Strict at data.litres: it is missing")
        try store.update("1", ["data": ["litres": "many"]])
        XCTAssertEqual(failure { _ = try store.get("1", as: Note.self) }?.field, "data.litres")

        let other = try Store(":memory:", Options(schema: Schema([.enumerated("priority")])))
        try other.add(["dimensions": ["priority": "urgent"]])
        let foreign = failure { _ = try other.get("1", as: Everything.self) }
        XCTAssertEqual(foreign?.field, "dimensions.priority")
        XCTAssertEqual(failure { try store.add(["x": Double.nan]) }?.status, .invalid)
    }

    func test_projections_are_read_as_smaller_types() throws {
        struct Line: Decodable, Equatable {
            var id: String
            var title: String
            var level: Int
            var status: String
        }
        let store = try Store.ofNotes("A")
        try store.add(Note(title: "B", status: "done", parent: "1"))
        let query = Query(fields: ["id", "title", "level", "status"])
        let lines = try store.list(query, as: Line.self)
        XCTAssertEqual(lines.map(\.id), ["1", "1.d1"])
        XCTAssertEqual(lines[1], Line(id: "1.d1", title: "B", level: 2, status: "done"))
    }

    func test_numbers_keep_their_text_beside_the_types() throws {
        let store = try Store.ofNotes()
        let data = #"{"a":0.10,"b":1e400,"c":18446744073709551616,"d":1E2,"e":-0.0}"#
        let document = try store.add(["data": JSON(text: data)])
        XCTAssertEqual(document.dataText, data)
        XCTAssertEqual(document.data["c"]?.text, "18446744073709551616")
        XCTAssertNil(document.data["c"]?.int)
        XCTAssertEqual(document.data["d"]?.double, 100)
        XCTAssertEqual(try store.replace("1", document.json).dataText, data)
    }

    func test_an_older_dimension_is_plain_text_elsewhere() throws {
        let json = try JSONEncoder().encode(Note(title: "A", status: "done"))
        XCTAssertEqual(try JSONDecoder().decode(Note.self, from: json).status, "done")
    }
}
