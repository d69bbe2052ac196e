/// Finds the parts of a JSON text, one level deep. It trusts the grammar, which the library has
/// checked, and only never reads beyond the end: of text that is not JSON it makes nil or nonsense.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The text of the member of that name.
    mutating func member(_ name: String) -> String? {
        guard takes("{") else { return nil }
        while let key = string(), takes(":") {
            let start = skipSpace()
            skipValue()
            // Not `==`, to which two spellings of one letter are equal.
            if key.utf8.elementsEqual(name.utf8) { return text(from: start) }
            if !takes(",") { return nil }
        }
        return nil
    }

    /// The names and texts of all members.
    mutating func members() -> [(String, String)]? {
        guard takes("{") else { return nil }
        var found: [(String, String)] = []
        while let key = string(), takes(":") {
            let start = skipSpace()
            skipValue()
            found.append((key, text(from: start)))
            if !takes(",") { break }
        }
        return takes("}") ? found : nil
    }

    /// The texts of all elements.
    mutating func elements() -> [String]? {
        guard takes("[") else { return nil }
        if takes("]") { return [] }
        var found: [String] = []
        repeat {
            let start = skipSpace()
            skipValue()
            found.append(text(from: start))
        } while takes(",")
        return takes("]") ? found : nil
    }

    /// The string that comes next, without quotes and escapes.
    mutating func string() -> String? {
        let start = skipSpace()
        guard byte == UInt8(ascii: "\"") else { return nil }
        skipString()
        guard at - start >= 2 else { return nil }
        let inner = bytes[start + 1..<at - 1]
        if inner.contains(UInt8(ascii: "\\")) { return unescaped(inner) }
        return String(decoding: inner, as: UTF8.self)
    }

    private func text(from start: Int) -> String {
        String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

    @discardableResult
    private mutating func skipSpace() -> Int {
        while byte == 0x20 || (0x09...0x0d).contains(byte) { at += 1 }
        return at
    }

    /// Takes that character, when it is next.
    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard byte == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipString() {
        at += 1
        while at < bytes.count, byte != UInt8(ascii: "\"") {
            at += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        at = min(at + 1, bytes.count)
    }

    private mutating func skipValue() {
        var depth = 0
        while at < bytes.count {
            switch byte {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                if depth == 0 {
                    at += 1
                    return
                }
            case UInt8(ascii: ","), 0x20, 0x09...0x0d:
                if depth == 0 { return }
            default: break
            }
            at += 1
        }
    }
}

private func unescaped(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
    var units: [UInt16] = []
    var rest = String(decoding: bytes, as: UTF8.self).utf16[...]
    while let unit = rest.popFirst() {
        guard unit == 0x5c, let escape = rest.popFirst() else {
            units.append(unit)
            continue
        }
        switch escape {
        case 0x62: units.append(0x08)
        case 0x66: units.append(0x0c)
        case 0x6e: units.append(0x0a)
        case 0x72: units.append(0x0d)
        case 0x74: units.append(0x09)
        case 0x75:
            let digits = String(decoding: rest.prefix(4), as: UTF16.self)
            rest = rest.dropFirst(4)
            units.append(UInt16(digits, radix: 16) ?? 0xfffd)
        default: units.append(escape)
        }
    }
    return String(decoding: units, as: UTF16.self)
}
