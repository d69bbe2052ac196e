import XCTest

@testable import Nanostore

final class TaskTests: XCTestCase {
    private static let tasks = 8
    private static let calls = 1000

    func test_tasks_share_a_store() async throws {
        let store = try Store.ofNotes("A")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<TaskTests.tasks {
                group.addTask {
                    for call in 0..<TaskTests.calls { try mixed(store, task, call) }
                }
            }
            try await group.waitForAll()
        }
        // One of four calls of every task adds a document.
        XCTAssertEqual(try store.count(), 1 + TaskTests.tasks * TaskTests.calls / 4)
        XCTAssertEqual(try store.verify()["ok"]?.bool, true)
    }

    func test_a_store_may_be_closed_while_tasks_use_it() async throws {
        for round in 0..<50 {
            let live = Handle.live.load(ordering: .relaxed)
            let store = try Store.ofNotes("A")
            let ended = try await withThrowingTaskGroup(of: Status.self) { group in
                for task in 0..<TaskTests.tasks {
                    group.addTask {
                        for call in 0... {
                            let error = failure { try mixed(store, task, call) }
                            if let error { return error.status }
                            // There may be fewer threads than tasks.
                            await Task.yield()
                        }
                        return .ok
                    }
                }
                while try store.count() < 2 + round { await Task.yield() }
                try store.close()
                // What was under way has ended, and its handle is gone.
                XCTAssertEqual(Handle.live.load(ordering: .relaxed), live)
                return try await group.reduce(into: []) { $0.append($1) }
            }
            XCTAssertEqual(ended, Array(repeating: .closed, count: TaskTests.tasks))
        }
    }

    func test_a_store_that_is_forgotten_is_closed() throws {
        let live = Handle.live.load(ordering: .relaxed)
        do {
            let store = try Store.ofNotes("A")
            XCTAssertEqual(try store.count(), 1)
            XCTAssertEqual(Handle.live.load(ordering: .relaxed), live + 1)
        }
        XCTAssertEqual(Handle.live.load(ordering: .relaxed), live)
    }
}

/// One of four calls, of which one adds a document.
private func mixed(_ store: Store, _ task: Int, _ call: Int) throws(NanostoreError) {
    switch call % 4 {
    case 0: try store.add(["title": JSON("\(task) \(call)")])
    case 1: _ = try store.get("1")
    case 2: try store.update("1", ["data": ["\(task)": JSON(call)]])
    default: _ = try store.list(Query(limit: 5))
    }
}
