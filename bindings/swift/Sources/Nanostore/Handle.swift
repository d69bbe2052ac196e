import CNanostore
import Dispatch
import Synchronization

/// The C handle of a store, and the count of the calls that are using it: nothing may be in use
/// while it is closed, so a close waits for the calls under way and lets no new ones begin.
final class Handle: Sendable {
    /// How many handles are open in this process; tests see to it that none is left.
    static let live = Atomic<Int>(0)
    private static let closing = 1 << 62

    // The library takes calls on one handle from any thread; the count below guards its end.
    private nonisolated(unsafe) let pointer: OpaquePointer
    private let calls = Atomic<Int>(0)
    private let idle = DispatchSemaphore(value: 0)

    init(path: String, options: String?) throws(NanostoreError) {
        var opened: OpaquePointer?
        var error: OpaquePointer?
        let status = try withTexts(path, options, nil) { path, options, _ in
            nanostore_open(path, options, &opened, &error)
        }
        try check(status, error)
        pointer = opened!
        Handle.live.add(1, ordering: .relaxed)
    }

    /// Takes a handle that a call gave.
    init(_ opened: OpaquePointer) {
        pointer = opened
        Handle.live.add(1, ordering: .relaxed)
    }

    deinit {
        try? close()
    }

    /// Closes the handle once no call uses it any more. A second close does nothing.
    func close() throws(NanostoreError) {
        let before = calls.bitwiseOr(Handle.closing, ordering: .acquiringAndReleasing).oldValue
        if before & Handle.closing != 0 { return }
        if before > 0 { idle.wait() }
        Handle.live.subtract(1, ordering: .relaxed)
        var consumed: OpaquePointer? = pointer
        var error: OpaquePointer?
        try check(nanostore_close(&consumed, &error), error)
    }

    /// Runs `body` with the open C handle.
    func use<Result>(
        _ body: (OpaquePointer) throws(NanostoreError) -> Result
    ) throws(NanostoreError) -> Result {
        let before = calls.add(1, ordering: .acquiring).oldValue
        defer {
            let after = calls.subtract(1, ordering: .releasing).newValue
            if after == Handle.closing { idle.signal() }
        }
        if before & Handle.closing != 0 { throw NanostoreError(.closed, "the store is closed") }
        return try body(pointer)
    }

    /// Makes a call that takes up to three texts, nil being NULL, and gives one.
    func text(
        _ a: String? = nil, _ b: String? = nil, _ c: String? = nil,
        _ function: (OpaquePointer, Text?, Text?, Text?, TextOut, ErrorOut) -> nanostore_status
    ) throws(NanostoreError) -> String {
        try use { pointer throws(NanostoreError) in
            var text: UnsafeMutablePointer<CChar>?
            var error: OpaquePointer?
            let status = try withTexts(a, b, c) { a, b, c in
                function(pointer, a, b, c, &text, &error)
            }
            try check(status, error)
            return take(text) ?? ""
        }
    }
}
