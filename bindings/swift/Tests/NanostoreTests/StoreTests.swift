import Nanostore
import XCTest
final class StoreTests: XCTestCase { func test_version() { XCTAssertEqual(Store.libraryVersion, "0.1.0") } }
