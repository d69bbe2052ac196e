import XCTest

@testable import Nanostore

/// Handles and memory: what is opened is closed, and what calls take they give back.
final class LeakTests: XCTestCase {
    private static let growthMax = 1 << 20

    func test_opening_and_closing_leaves_nothing() throws {
        let live = Handle.live.load(ordering: .relaxed)
        let grown = try growth(over: 100_000) { n in
            let store = try Store(":memory:")
            // Half of them are forgotten instead.
            if n % 2 == 0 { try store.close() }
        }
        XCTAssertLessThan(grown, LeakTests.growthMax)
        XCTAssertEqual(Handle.live.load(ordering: .relaxed), live)
    }

    func test_reading_leaves_nothing() throws {
        let store = try Store.ofNotes("A")
        let uuid = try store.get("1").uuid
        let grown = try growth(over: 1_000_000) { _ in _ = try store.get(uuid) }
        XCTAssertLessThan(grown, LeakTests.growthMax)
    }

    func test_cursors_errors_and_values_leave_nothing() throws {
        let store = try Store.ofNotes("A", "B")
        let grown = try growth(over: 10_000) { _ in
            _ = try store.cursor().next()
            _ = failure { _ = try store.get("9") }
            _ = try store.get("1", as: Note.self)
        }
        XCTAssertLessThan(grown, LeakTests.growthMax)
    }

    func test_files_are_let_go_of() throws {
        try Project.inEmptyFolder { folder in
            let path = folder.appendingPathComponent("s.json").path
            let open = try descriptors()
            for _ in 0..<100 {
                let store = try Store(path)
                let cursor = try store.cursor()
                XCTAssertNil(try cursor.next())
            }
            XCTAssertEqual(try descriptors(), open)
        }
    }

    /// By how many bytes the process grows in the last nine tenths of so many rounds.
    private func growth(over rounds: Int, _ body: (Int) throws -> Void) throws -> Int {
        let warm = rounds / 10
        for n in 0..<warm { try body(n) }
        let before = try residentBytes()
        for n in warm..<rounds { try body(n) }
        let grown = try residentBytes() - before
        print("over \(rounds) rounds the process grew by \(grown) bytes")
        return grown
    }

    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return try XCTUnwrap(pages) * Int(getpagesize())
    }

    private func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
}
