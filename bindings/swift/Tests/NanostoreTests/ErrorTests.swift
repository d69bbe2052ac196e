import Nanostore
import XCTest

final class ErrorTests: XCTestCase {
    func test_an_error_carries_what_the_library_knows() throws {
        let store = try Store.ofNotes("A")
        let error = try XCTUnwrap(failure { _ = try store.get("1.4") })
        XCTAssertEqual(error.status, .notFound)
        XCTAssertEqual(error.name, "UNRESOLVED_ID")
        XCTAssertEqual(error.id, "1.4")
        XCTAssertTrue(error.message.hasPrefix("1.4: 1 has"), error.message)
        XCTAssertEqual("\(error)", error.message)
        XCTAssertEqual(error.json["op"]?.string, "get")

        let wrong = failure { try store.add(["dimensions": ["status": "dome"]]) }
        XCTAssertEqual(wrong?.field, "dimensions.status")
        XCTAssertEqual(wrong?.json["candidates"]?.elements?.map(\.string), ["open", "done"])
        XCTAssertEqual(wrong?.hint, "did you mean 'done'?")
        XCTAssertEqual(wrong.map { "\($0)" }, wrong.map { "\($0.message) (did you mean 'done'?)" })
    }

    func test_an_id_that_leads_to_another_document_is_a_conflict() throws {
        let store = try Store(":memory:")
        try store.apply([.add(["title": "A"]), .add(["title": "B"]), .add(["title": "C"])])
        let listed = try store.list().documents
        try store.delete("1")
        let (b, c) = (listed[1], listed[2])
        let calls: [() throws -> Void] = [
            { try store.update("2", ["body": "x"], ifUUID: b.uuid) },
            { try store.replace("2", ["body": "x"], ifRev: b.rev, ifUUID: b.uuid) },
            { try store.replace("2", b.json) },
            { try store.delete("2", ifRev: b.rev, ifUUID: b.uuid) },
            { try store.apply([.update("2", ["body": "x"], ifUUID: b.uuid)]) },
            { try store.apply([.replace("2", ["body": "x"], ifUUID: b.uuid)]) },
            { try store.apply([.delete("2", ifUUID: b.uuid)]) },
        ]
        for (n, call) in calls.enumerated() {
            let error = failure(of: call)
            XCTAssertEqual(error?.status, .conflict, "call \(n)")
            XCTAssertEqual(error?.message, "2 is now another document: \"C\"", "call \(n)")
        }
        try store.update("1", ["body": "x"], ifRev: b.rev, ifUUID: b.uuid)
        XCTAssertEqual(failure { try store.delete(b) }?.status, .conflict)
        XCTAssertEqual(try store.delete(c).map(\.title), ["C"])
        try store.add(c.json)
        XCTAssertEqual(try store.get(c.uuid).createdAt, c.createdAt)
    }

    func test_calls_throw_the_one_type_of_error() throws {
        let store = try Store.ofNotes()
        // Compiles only because `error` is a NanostoreError here.
        do throws(NanostoreError) {
            try store.delete("1")
            XCTFail("there is nothing to delete")
        } catch {
            switch error.status {
            case .notFound: break
            default: XCTFail("\(error.status)")
            }
        }
    }

    func test_a_closed_store_says_so_in_every_call() throws {
        let store = try Store.ofNotes("A")
        try store.close()
        try store.close()
        let calls: [() throws -> Void] = [
            { try store.add(["title": "B"]) }, { _ = try store.get("1") },
            { try store.update("1", ["title": "B"]) }, { try store.replace("1", [:]) },
            { try store.delete("1") }, { try store.apply([]) }, { _ = try store.list() },
            { _ = try store.count() }, { _ = try store.explain() }, { _ = try store.cursor() },
            { _ = try store.resolveID("1") }, { _ = try store.resolveIDs(["1"]) },
            { try store.define(Schema([])) }, { _ = try store.info() }, { _ = try store.verify() },
            { try store.sync() }, { try store.checkpoint() },
        ]
        for (n, call) in calls.enumerated() {
            XCTAssertEqual(failure(of: call)?.status, .closed, "call \(n)")
        }
    }

    func test_every_status_of_the_header_has_a_name() throws {
        let header = Project.folder.appendingPathComponent("include/nanostore.h")
        let text = try String(contentsOf: header, encoding: .utf8)
        let swift: [String: Status] = [
            "OK": .ok, "INTERNAL": .internal, "INVALID": .invalid, "NOTFOUND": .notFound,
            "EXISTS": .exists, "AMBIGUOUS": .ambiguous, "CONFLICT": .conflict,
            "CONSTRAINT": .constraint, "READONLY": .readOnly, "BUSY": .busy, "TIMEOUT": .timeout,
            "CANCELLED": .cancelled, "IO": .io, "NOSPACE": .noSpace, "PERMISSION": .permission,
            "CORRUPT": .corrupt, "TOONEW": .tooNew, "UNSUPPORTED": .unsupported, "LIMIT": .limit,
            "MISUSE": .misuse, "FORKED": .forked, "CLOSED": .closed, "PANIC": .panic,
            "HAS_CHILDREN": .hasChildren, "SCHEMA_MISMATCH": .schemaMismatch,
            "UNKNOWN_OUTCOME": .unknownOutcome,
        ]
        let found = text.matches(of: #/#define NANOSTORE_([A-Z_]+) (\d+)\n/#)
            .filter { !$0.1.hasPrefix("VERSION") }
        XCTAssertEqual(found.count, swift.count)
        for status in found {
            XCTAssertEqual(swift[String(status.1)]?.rawValue, Int32(status.2), "\(status.1)")
            XCTAssertEqual(swift[String(status.1)]?.description, String(status.1))
        }
    }

    func test_a_text_with_a_zero_in_it_is_refused_and_never_cut_short() throws {
        let store = try Store.ofNotes("A")
        XCTAssertEqual(failure { _ = try store.get("1\02") }?.status, .invalid)
        XCTAssertEqual(failure { _ = try Store("a\0b") }?.status, .invalid)
        XCTAssertEqual(try store.add(["title": "a\0b"]).title, "a\0b")
    }

    func test_a_file_that_is_no_store_says_where() throws {
        try Project.inEmptyFolder { folder in
            let file = folder.appendingPathComponent("bad.json")
            try Data("{\"documents\": [}\n".utf8).write(to: file)
            let anHourAgo = Date.now.addingTimeInterval(-3600)
            try FileManager.default.setAttributes(
                [.modificationDate: anHourAgo], ofItemAtPath: file.path)
            let error = failure { _ = try Store(file.path) }
            XCTAssertEqual(error?.status, .corrupt)
            XCTAssertEqual(error?.json["line"]?.int, 1)
        }
    }
}
