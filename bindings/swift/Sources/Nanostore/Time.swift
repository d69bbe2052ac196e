import Foundation

/// Dates as the library writes times: RFC 3339 in UTC, with nanoseconds where there are any.
enum Time {
    @Sendable
    static func encode(_ date: Date, to encoder: any Encoder) throws {
        let since = date.timeIntervalSinceReferenceDate
        var whole = since.rounded(.down)
        var nanoseconds = Int(((since - whole) * 1e9).rounded())
        if nanoseconds == 1_000_000_000 {
            whole += 1
            nanoseconds = 0
        }
        var text = Date(timeIntervalSinceReferenceDate: whole).formatted(.iso8601)
        if nanoseconds > 0 {
            var digits = String(nanoseconds)
            digits = String(repeating: "0", count: 9 - digits.count) + digits
            while digits.last == "0" { digits.removeLast() }
            text = "\(text.dropLast()).\(digits)Z"
        }
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    @Sendable
    static func decode(from decoder: any Decoder) throws -> Date {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        var seconds = text
        var fraction = 0.0
        if let dot = text.firstIndex(of: ".") {
            let digits = text[text.index(after: dot)...].prefix { $0.isASCII && $0.isNumber }
            fraction = Double("0.\(digits)") ?? 0
            seconds = "\(text[..<dot])\(text[digits.endIndex...])"
        }
        guard let date = try? Date(seconds, strategy: .iso8601) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is not a time by RFC 3339")
        }
        return date.addingTimeInterval(fraction)
    }
}
