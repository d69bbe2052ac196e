import Nanostore
import XCTest

final class CursorTests: XCTestCase {
    func test_a_cursor_gives_its_documents_and_then_none() throws {
        let store = try Store.ofNotes("A", "B")
        let cursor = try store.cursor()
        XCTAssertEqual(try cursor.next()?.title, "A")
        XCTAssertEqual(try cursor.next(as: Note.self)?.title, "B")
        XCTAssertNil(try cursor.next())
        XCTAssertNil(try cursor.next(as: Note.self))
    }

    func test_a_cursor_shows_the_state_at_which_it_was_opened() throws {
        let store = try Store.ofNotes("A", "B")
        let cursor = try store.cursor(Query(orderBy: ["-title"]))
        try store.delete("1")
        XCTAssertEqual(try cursor.map { try $0.get().title }, ["B", "A"])
    }

    func test_a_cursor_may_outlive_its_store() throws {
        var store: Store? = try Store.ofNotes("A", "B")
        let cursor = try XCTUnwrap(store).cursor()
        try store?.close()
        store = nil
        XCTAssertEqual(try cursor.map { try $0.get().title }, ["A", "B"])
    }

    func test_a_token_goes_on_where_the_cursor_was() throws {
        let store = try Store.ofNotes("A", "B", "C")
        let cursor = try store.cursor()
        _ = try cursor.next()
        let page = try store.list(Query(after: cursor.token()))
        XCTAssertEqual(page.documents.map(\.title), ["B", "C"])
    }

    func test_a_closed_cursor_fails_once_in_a_loop() throws {
        let cursor = try Store.ofNotes("A", "B").cursor()
        cursor.close()
        cursor.close()
        XCTAssertEqual(failure { _ = try cursor.next() }?.status, .closed)
        XCTAssertEqual(failure { _ = try cursor.token() }?.status, .closed)
        let results = Array(cursor)
        XCTAssertEqual(results, [.failure(try XCTUnwrap(failure { _ = try cursor.next() }))])
    }

    func test_a_loop_may_end_early_and_another_goes_on() throws {
        let cursor = try Store.ofNotes("A", "B", "C").cursor()
        for result in cursor {
            XCTAssertEqual(try result.get().title, "A")
            break
        }
        XCTAssertEqual(try cursor.map { try $0.get().title }, ["B", "C"])
    }
}
