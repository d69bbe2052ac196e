import Nanostore
import XCTest

final class QueryTests: XCTestCase {
    private func titles(_ store: Store, _ condition: Condition) throws -> [String] {
        try store.list(Query(where: condition)).documents.map(\.title)
    }

    func test_conditions_mean_what_they_say() throws {
        let store = try Store.ofNotes("A", "B", "C")
        try store.apply([
            .update("1", ["data": ["n": 1, "tags": ["x", "y"]]]),
            .update("2", ["data": ["n": 2.5]]),
            .replace(
                "3", ["title": "C", "data": ["n": .null], "dimensions": ["parent_id": "1"]]),
        ])
        let n = Field("data.n")
        XCTAssertEqual(try titles(store, n == 1), ["A"])
        XCTAssertEqual(try titles(store, n == .null), ["C"])
        XCTAssertEqual(try titles(store, n != 1), ["C", "B"])
        XCTAssertEqual(try titles(store, n > 1), ["B"])
        XCTAssertEqual(try titles(store, n >= 1 && n < 2.5), ["A"])
        XCTAssertEqual(try titles(store, n <= 2.5), ["A", "B"])
        XCTAssertEqual(try titles(store, n.isOneOf([1, .null])), ["A", "C"])
        XCTAssertEqual(try titles(store, n.isNoneOf([1, .null])), ["B"])
        XCTAssertEqual(try titles(store, Field("data.tags").exists()), ["A"])
        XCTAssertEqual(try titles(store, Field("data.tags").exists(false)), ["C", "B"])
        XCTAssertEqual(try titles(store, Field("data.tags").contains("y")), ["A"])
        XCTAssertEqual(try titles(store, Field("data.tags").hasSize(2)), ["A"])
        XCTAssertEqual(try titles(store, Field("title").hasPrefix("B")), ["B"])
        XCTAssertEqual(try titles(store, Field("title").isLike("_")), ["A", "C", "B"])
        XCTAssertEqual(try titles(store, .under("1")), ["C"])
        XCTAssertEqual(try titles(store, !(n == 1) && .none([n == 2.5])), ["C"])
        let title = Field("title")
        XCTAssertEqual(try titles(store, title == "A" || title == "B"), ["A", "B"])
        XCTAssertEqual(try titles(store, Field("title") != "A"), ["C", "B"])
        XCTAssertEqual(try titles(store, Condition(json: ["title": "C"])), ["C"])
    }

    func test_every_part_of_a_query_reaches_the_library() throws {
        let store = try Store.ofNotes("Aa", "Ab", "Ac", "B")
        let ordered = Query(search: "a", orderBy: ["-title"], limit: 2, offset: 1)
        XCTAssertEqual(try store.list(ordered).documents.map(\.title), ["Ab", "Aa"])
        XCTAssertEqual(try store.count(Query(search: "b")), 2)
        XCTAssertEqual(try store.explain(Query(orderBy: ["title"]))["order"]?.string, "sort")
        let some = try store.list(Query(limit: 1, fields: ["title"])).documents
        XCTAssertEqual(some.map(\.json.text), [#"{"title":"Aa"}"#])
        let unknown = failure { _ = try store.list(Query(json: ["wher": [:]])) }
        XCTAssertEqual(unknown?.field, "wher")
    }

    func test_pages_follow_their_tokens() throws {
        let store = try Store.ofNotes("A", "B", "C", "D", "E")
        var titles: [[String]] = []
        var token: JSON?
        repeat {
            let page = try store.list(Query(limit: 2, after: token))
            titles.append(page.documents.map(\.title))
            token = page.next
        } while token != nil
        XCTAssertEqual(titles, [["A", "B"], ["C", "D"], ["E"]])
    }
}
