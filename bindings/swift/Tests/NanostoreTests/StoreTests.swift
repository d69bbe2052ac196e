import CNanostore
import Nanostore
import XCTest

final class StoreTests: XCTestCase {
    func test_documents_are_added_read_changed_and_deleted() throws {
        let store = try Store.ofNotes("Paint", "Mow")
        let brushes = try store.add(["title": "Brushes", "dimensions": ["parent_id": "1"]])
        XCTAssertEqual(brushes.id, "1.1")
        XCTAssertEqual(brushes.dimensions["parent_id"], try store.get("1").uuid)
        XCTAssertEqual(brushes.createdAt, "2026-01-01T00:00:03Z")

        let done = try store.update("2", ["dimensions": ["status": "done"]])
        XCTAssertEqual(done.id, "d1")
        XCTAssertEqual(done.rev, 4)
        let replaced = try store.replace("d1", ["title": "Mow it", "body": "all of it"])
        XCTAssertEqual([replaced.id, replaced.title, replaced.body], ["2", "Mow it", "all of it"])
        XCTAssertEqual(try store.replace("key:k", ["title": "New"]).key, "k")

        XCTAssertEqual(failure { try store.delete("1") }?.status, .hasChildren)
        XCTAssertEqual(try store.delete("1", cascade: true).map(\.title), ["Paint", "Brushes"])
        XCTAssertEqual(try store.list().documents.map(\.title), ["Mow it", "New"])
    }

    func test_a_revision_guards_every_write() throws {
        let store = try Store.ofNotes("A")
        let rev = try store.get("1").rev
        try store.update("1", ["title": "B"], ifRev: rev)
        let stale: [() throws -> Void] = [
            { try store.update("1", ["title": "C"], ifRev: rev) },
            { try store.replace("1", ["title": "C"], ifRev: rev) },
            { try store.delete("1", ifRev: rev) },
            { try store.apply([.update("1", ["title": "C"], ifRev: rev)]) },
            { try store.apply([.replace("1", ["title": "C"], ifRev: rev)]) },
        ]
        XCTAssertEqual(stale.map { failure(of: $0)?.status }, Array(repeating: .conflict, count: 5))
        XCTAssertEqual(try store.get("1").title, "B")
    }

    func test_a_batch_happens_wholly_or_not_at_all() throws {
        let store = try Store.ofNotes("A", "B", "C", "F")
        let result = try store.apply([
            .add(["title": "D"], as: "d"),
            .add(Note(title: "E", parent: "$d")),
            .update(["1", "2"], ["dimensions": ["status": "done"]]),
            .update(where: Field("title") == "C", ["body": "last"]),
            .delete(["4"]),
        ])
        let titles = result.documents.map { $0.map(\.title) }
        XCTAssertEqual(titles, [["D"], ["E"], ["A", "B"], ["C"], ["F"]])
        XCTAssertEqual(result.documents[1][0].id, "2.1")
        XCTAssertEqual(result.documents[2].map(\.id), ["d1", "d2"])
        XCTAssertEqual(result.commit, try store.info()["commit"]?.int)

        let error = failure { try store.apply([.update("1", ["title": "X"]), .delete(["9"])]) }
        XCTAssertEqual(error?.status, .notFound)
        XCTAssertEqual(error?.field, "1")
        XCTAssertEqual(try store.get("1").title, "C")
        try store.apply([.delete(where: Field("status") == "done")])
        XCTAssertEqual(try store.count(), 3)
    }

    func test_ids_resolve_in_every_form() throws {
        let store = try Store.ofNotes("A", "B")
        let uuids = try store.list().documents.map(\.uuid)
        XCTAssertEqual(try store.resolveID(" 2 "), uuids[1])
        XCTAssertEqual(try store.resolveIDs(["2", "uuid:\(uuids[0].suffix(12))"]), uuids.reversed())
    }

    func test_a_file_is_kept_and_opened_again() throws {
        try Project.inEmptyFolder { folder in
            let path = folder.appendingPathComponent("notes \u{e9}.json").path
            let store = try Store(path, Options(schema: Schema(of: Note.self), format: .lines))
            try store.add(["title": "Kept"])
            try store.sync()
            try store.checkpoint()
            XCTAssertEqual(try store.info()["format"]?.string, "lines")
            try store.close()

            let again = try Store(path, Options(readOnly: true))
            XCTAssertEqual(try again.list().documents.map(\.id), ["1"])
            XCTAssertEqual(failure { try again.add(["title": "No"]) }?.status, .readOnly)
            XCTAssertEqual(try again.verify()["ok"]?.bool, true)
        }
    }

    func test_a_schema_is_written_by_hand_or_taken_from_a_type() throws {
        let schema = Schema(
            [
                .enumerated(
                    "status", values: ["open", "done"], prefixes: ["done": "d"], default: "open"),
                .hierarchical("parent", refField: "parent_id"),
            ], canonicalView: Field("status") == "open", numbering: .stable, version: 3)
        let condition = Field("status") == "open"
        let taken = try Schema(
            of: Note.self, canonicalView: condition, numbering: .stable, version: 3)
        XCTAssertEqual(schema, taken)

        let store = try Store(":memory:")
        XCTAssertEqual(try store.define(schema)["changed"]?.bool, true)
        XCTAssertEqual(try store.define(schema, strict: true)["changed"]?.bool, false)
        try store.add(["dimensions": ["status": "done"]])
        XCTAssertEqual(try store.list().documents, [])
        XCTAssertEqual(try store.list(Query(view: .all)).documents.map(\.id), ["d1"])
    }

    func test_of_a_damaged_file_what_can_be_read_is_salvaged() throws {
        try Project.inEmptyFolder { folder in
            let path = folder.appendingPathComponent("notes.json").path
            let store = try Store(path, Options(format: .lines))
            try store.add(["title": "A"])
            try store.add(["title": "B"])
            try store.close()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let broken = text.replacingOccurrences(of: "\"A\"", with: "\"A")
            try broken.write(toFile: path, atomically: true, encoding: .utf8)
            XCTAssertEqual(failure { _ = try Store(path) }?.status, .corrupt)
            let salvaged = try Store(path, Options(salvage: true))
            XCTAssertEqual(try salvaged.list().documents.map(\.title), ["B"])
            try salvaged.close()
        }
    }

    func test_every_option_reaches_the_library() throws {
        let clock = Options.Clock(start: "2030-01-01T00:00:00Z", stepMS: 60_000)
        let options = Options(
            schema: Schema([]), create: true, readOnly: false, durability: .sync, intervalMS: 2000,
            checkpoint: .commit, format: .pretty, lockTimeoutMS: 100, mode: "0600",
            maxDocumentBytes: 1000, strict: true, clock: clock, uuidSeed: 7)
        try Project.inEmptyFolder { folder in
            let store = try Store(folder.appendingPathComponent("s.json").path, options)
            XCTAssertEqual(try store.add(["title": "A"]).createdAt, "2030-01-01T00:01:00Z")
            XCTAssertEqual(try store.info()["policy"]?["checkpoint"]?.string, "commit")
        }
        let unknown = failure { _ = try Store(":memory:", Options(json: ["creat": true])) }
        XCTAssertEqual(unknown?.field, "creat")
    }

    func test_the_library_is_the_one_of_the_header() {
        let parts = [
            NANOSTORE_VERSION_MAJOR, NANOSTORE_VERSION_MINOR, NANOSTORE_VERSION_PATCH,
        ]
        XCTAssertEqual(Store.libraryVersion, parts.map(String.init).joined(separator: "."))
    }
}
