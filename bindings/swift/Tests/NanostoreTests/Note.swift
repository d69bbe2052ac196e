import Nanostore

import struct Nanostore.Dimension

/// What the tests keep in their stores.
struct Note: StoredDocument, Equatable {
    var uuid: String?
    var id: String?
    var title = ""
    @Dimension(values: ["open", "done"], prefixes: ["done": "d"], default: "open")
    var status: String
    @Parent var parent: String?
    var litres: Double?
    var tags: [String]?
}

extension Store {
    /// A store in memory with the schema of ``Note`` and these titles, one below the other or not.
    static func ofNotes(_ titles: String...) throws -> Store {
        let clock = Options.Clock(start: "2026-01-01T00:00:00Z", stepMS: 1000)
        let schema = try Schema(of: Note.self)
        let store = try Store(":memory:", Options(schema: schema, clock: clock, uuidSeed: 1))
        for title in titles { try store.add(["title": JSON(title)]) }
        return store
    }
}

/// The error that `body` throws; nil when it throws none.
func failure(of body: () throws -> Void) -> NanostoreError? {
    do {
        try body()
        return nil
    } catch {
        return error as? NanostoreError
    }
}
