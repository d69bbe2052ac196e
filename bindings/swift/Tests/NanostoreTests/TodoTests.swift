import XCTest

final class TodoTests: XCTestCase {
    /// The scripted day of `examples-c`, played with the program written in Swift.
    func test_the_todo_program_prints_the_same_day_as_the_one_in_c() throws {
        let examples = Project.folder.appendingPathComponent("examples-c")
        let expected = examples.appendingPathComponent("expected/day.txt")
        let script = examples.appendingPathComponent("todo_day.sh").path
        let todo = Project.built.appendingPathComponent("todo").path
        let day = try Project.inEmptyFolder { try Project.run(script, [todo], in: $0) }
        XCTAssertEqual(day.status, 0)
        XCTAssertEqual(day.printed, try String(contentsOf: expected, encoding: .utf8))
    }

    func test_the_todo_program_is_short() throws {
        let package = Project.folder.appendingPathComponent("bindings/swift")
        let source = package.appendingPathComponent("Examples/todo/main.swift")
        let lines = try String(contentsOf: source, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        XCTAssertLessThanOrEqual(lines.count - 1, 120)
    }

    func test_the_todo_program_lists_its_commands() throws {
        let todo = Project.built.appendingPathComponent("todo").path
        let usage = try Project.inEmptyFolder { try Project.run(todo, ["day.json"], in: $0) }
        XCTAssertEqual(usage.status, 2)
        XCTAssertTrue(usage.printed.contains("todo FILE COMMAND"), usage.printed)
        XCTAssertEqual(usage.printed.split(separator: "\n").count, 13)
    }
}
