import XCTest

final class ReadmeTests: XCTestCase {
    /// Compiles and runs each program of the README; the text after it is what it prints.
    func test_the_programs_of_the_readme_print_what_it_says() throws {
        let readme = Project.folder.appendingPathComponent("bindings/swift/README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        let shown = text.matches(
            of: #/```swift\n([\s\S]*?)```(?:(?!```)[\s\S])*```text\n([\s\S]*?)```/#)
        XCTAssertEqual(shown.count, text.matches(of: /```swift\n/).count)
        XCTAssertFalse(shown.isEmpty)
        for (n, program) in shown.enumerated() {
            let ended = try Project.inEmptyFolder {
                try SwiftCompiler.run(String(program.1), in: $0)
            }
            XCTAssertEqual(ended.status, 0, "program \(n + 1): \(ended.printed)")
            XCTAssertEqual(ended.printed, String(program.2), "program \(n + 1)")
        }
    }
}
