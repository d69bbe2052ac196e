import Nanostore
import XCTest

final class IndexTests: XCTestCase {
    private func posts() throws -> Store {
        let schema = Schema(indexes: [
            .init("by_date", ["-data.date"]),
            .init("by_tag", ["data.tags"], multi: true, reduce: .count),
            .init(
                "pages", [.init("data.date", slice: 0..<7)], where: Field("data.pages").exists(),
                reduce: .sum("data.pages")),
            .init("titles", ["title"], unique: true, missing: true, include: ["title"]),
        ])
        let store = try Store(":memory:", Options(schema: schema))
        try store.add([
            "title": "A", "key": "A",
            "data": ["date": "2026-01-02", "tags": ["x", "y"], "pages": 1],
        ] as JSON)
        try store.add([
            "title": "B", "key": "B", "data": ["date": "2026-01-05", "tags": ["y"], "pages": 0.5],
        ] as JSON)
        try store.add(["title": "C", "data": ["date": "2026-02-01", "tags": []]] as JSON)
        return store
    }

    func test_entries_are_listed_counted_and_grouped() throws {
        let store = try posts()
        for (entries, titles) in [
            (Entries("by_date"), "CBA"),
            (Entries("by_date", descending: true), "ABC"),
            (Entries("by_date", key: "2026-01-05"), "B"),
            (Entries("by_date", range: [.from("2026-01-03")]), "CB"),
            (Entries("by_date", range: [.above("2026-01-02"), .below("2026-02-01")]), "B"),
            (Entries("by_date", range: [.upTo("2026-01-05")]), "BA"),
            (Entries("by_date", prefix: "2026-01"), "BA"),
            (Entries("key", range: [.from("A")]), "AB"),
        ] {
            let query = Query(total: true, index: entries)
            let page = try store.list(query)
            XCTAssertEqual(page.documents.map(\.title).joined(), titles)
            XCTAssertEqual(page.total, titles.count)
            XCTAssertEqual(try store.count(query), titles.count)
        }
        let tags = try store.groups(Entries("by_tag"))
        XCTAssertEqual(tags.map(\.key), ["x", "y"])
        XCTAssertEqual(tags.map(\.value), [1, 2])
        let pages = try store.groups(Entries("pages"), by: 0)
        XCTAssertEqual(pages.map(\.value), [1.5])
        let ofA = try store.groups(Entries("by_tag"), where: Field("title") == "A")
        XCTAssertEqual(ofA.map(\.value), [1, 1])
        XCTAssertThrowsError(try store.add(["title": "A"] as JSON)) {
            XCTAssertEqual(($0 as? NanostoreError)?.status, .exists)
        }
    }

    func test_hits_tell_where_the_search_was_found() throws {
        let page = try posts().list(Query(search: "a", hits: true))
        let hit = page.documents.first?.json["hits"]?[0]
        XCTAssertEqual(hit?["field"]?.string, "title")
        XCTAssertEqual(hit?["end_bytes"]?.int, 1)
    }

    func test_a_snapshot_stays_as_it_is() throws {
        let store = try posts()
        let snapshot = try store.snapshot()
        try store.delete("1")
        XCTAssertEqual(try snapshot.get("1").title, "A")
        XCTAssertEqual(try snapshot.count(), 3)
        XCTAssertThrowsError(try snapshot.delete("1")) {
            XCTAssertEqual(($0 as? NanostoreError)?.status, .readOnly)
        }
        XCTAssertEqual(try store.info()["snapshots"]?["open"]?.int, 1)
        try snapshot.close()
        XCTAssertEqual(try store.info()["snapshots"]?["open"]?.int, 0)
        XCTAssertThrowsError(try snapshot.count())
    }

    func test_changes_wait_for_the_next_commit() async throws {
        let store = try posts()
        let first = try store.changes(limit: 10)
        XCTAssertEqual(first.changes.map(\.id), ["1", "2", "3"])
        XCTAssertEqual(first.next, 3)
        let deletion = Task { try store.delete("1") }
        let next = try store.changes(since: first.next, waitMilliseconds: 60_000)
        _ = try await deletion.value
        XCTAssertEqual(next.changes.map(\.isDeletion), [true])
        XCTAssertEqual(next.changes.map(\.rev), [next.next])
        XCTAssertFalse(next.isTruncated)
        XCTAssertTrue(try store.changes(since: 1_000).isTruncated)
    }
}
