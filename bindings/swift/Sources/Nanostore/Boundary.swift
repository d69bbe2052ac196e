// Between Swift and the C interface: text in, text out, statuses into errors. Nothing is decided
// here.

import CNanostore

typealias Text = UnsafePointer<CChar>
typealias TextOut = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
typealias ErrorOut = UnsafeMutablePointer<OpaquePointer?>

/// Turns a status that is not OK into the error that the call gave.
func check(_ status: nanostore_status, _ error: OpaquePointer?) throws(NanostoreError) {
    if status != NANOSTORE_OK {
        throw NanostoreError(status: Status(rawValue: status), taking: error)
    }
}

/// Takes over a text that the library gave.
func take(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text else { return nil }
    defer { nanostore_string_free(text) }
    return String(cString: text)
}

/// Runs `body` with the C texts of three Swift ones, nil being NULL.
func withTexts<Result>(
    _ a: String?, _ b: String?, _ c: String?, _ body: (Text?, Text?, Text?) -> Result
) throws(NanostoreError) -> Result {
    // In C it would end there, and the rest would be dropped in silence.
    for text in [a, b, c] where text?.utf8.contains(0) == true {
        throw NanostoreError(.invalid, "a text with U+0000 in it cannot be passed on")
    }
    return withText(a) { a in withText(b) { b in withText(c) { c in body(a, b, c) } } }
}

/// Runs `body` with the C text of a Swift one without U+0000, nil being NULL.
func withText<Result>(_ text: String?, _ body: (Text?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return text.withCString(body)
}
