import XCTest

/// What the compiler lets tasks share, and what not.
final class SendableTests: XCTestCase {
    private func check(_ text: String) throws -> (status: Int32, printed: String) {
        try Project.inEmptyFolder { try SwiftCompiler.check("import Nanostore\n" + text, in: $0) }
    }

    func test_tasks_may_share_a_store_and_hand_a_cursor_on() throws {
        let checked = try check(
            """
            func share(_ store: Store) async throws {
                async let one = store.count()
                async let other = store.get("1")
                _ = try await (one, other.title)
                let cursor = try store.cursor()
                let task = Task { try cursor.next() }
                _ = try await task.value
            }
            """)
        XCTAssertEqual(checked.status, 0, checked.printed)
    }

    func test_two_tasks_may_not_use_one_cursor() throws {
        let checked = try check(
            """
            func share(_ store: Store) async throws {
                let cursor = try store.cursor()
                let task = Task { try cursor.next() }
                _ = try cursor.next()
                _ = try await task.value
            }
            """)
        XCTAssertNotEqual(checked.status, 0)
        XCTAssertTrue(checked.printed.contains("cursor"), checked.printed)
        XCTAssertTrue(checked.printed.contains("race"), checked.printed)
    }
}
