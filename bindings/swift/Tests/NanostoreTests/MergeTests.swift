import Foundation
import Nanostore
import XCTest

final class MergeTests: XCTestCase {
    /// Three versions of a store's file: two come from the first.
    private func versions(
        ours: JSON, theirs: (String, JSON), in folder: URL
    ) throws -> (base: String, ours: String, theirs: String) {
        let path = { folder.appendingPathComponent($0).path }
        let (base, one, other) = (path("base.json"), path("ours.json"), path("theirs.json"))
        let first = try Store(base)
        for key in ["a", "b"] {
            try first.add(["key": JSON(key), "title": JSON("title of \(key)")])
        }
        try first.close()
        for (to, key, patch) in [(one, "a", ours), (other, theirs.0, theirs.1)] {
            try FileManager.default.copyItem(atPath: base, toPath: to)
            let store = try Store(to)
            try store.update("key:\(key)", patch)
            try store.close()
        }
        return (base, one, other)
    }

    func test_versions_that_do_not_contradict_each_other_merge() throws {
        try Project.inEmptyFolder { folder in
            let files = try versions(
                ours: ["title": "ours"], theirs: ("b", ["title": "theirs"]), in: folder)
            let merge = try Merge(base: files.base, ours: files.ours, theirs: files.theirs)
            XCTAssertTrue(merge.isClean)
            XCTAssertEqual(merge.documents, 2)
            let store = try Store(files.ours)
            XCTAssertEqual(try store.list().documents.map(\.title), ["ours", "theirs"])
        }
    }

    func test_conflicts_are_named() throws {
        try Project.inEmptyFolder { folder in
            let files = try versions(
                ours: ["title": "ours"], theirs: ("a", ["title": "theirs"]), in: folder)
            let merge = try Merge(
                base: files.base, ours: files.ours, theirs: files.theirs,
                names: (ours: "HEAD", theirs: "topic"))
            XCTAssertFalse(merge.isClean)
            XCTAssertEqual(merge.conflicts.map(\.kind), ["changed"])
            XCTAssertEqual(merge.conflicts.first?.title, "ours")
            XCTAssertEqual(merge.conflicts.first?.fields, ["title"])
            let text = try String(contentsOfFile: files.ours, encoding: .utf8)
            XCTAssertTrue(text.contains("\n>>>>>>> topic\n"), text)
            let error = failure { _ = try Merge(ours: files.ours, theirs: files.base) }
            XCTAssertEqual(error?.status, .corrupt)
        }
    }
}
