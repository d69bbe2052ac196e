import XCTest

final class ScriptTests: XCTestCase {
    /// Plays every script in both places. `SCRIPT` in the environment chooses some by a part of
    /// their names; `NANOSTORE_SCRIPT_TABLE` names the file that the table is written to.
    func test_every_script_plays_as_it_says() throws {
        let settings = ProcessInfo.processInfo.environment
        let only = settings["SCRIPT"] ?? ""
        let folder = Project.folder.appendingPathComponent("fixtures/scripts")
        let files = try FileManager.default
            .contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" && (only.isEmpty || $0.path.contains(only)) }
            .sorted { $0.path < $1.path }
        var table = ""
        var failures: [String] = []
        for script in try files.map(Script.init) {
            for place in Place.allCases {
                var cell = "-"
                if script.fits(place) {
                    do {
                        let steps = try Project.inEmptyFolder { try script.play(in: place, $0) }
                        cell = String(steps)
                    } catch {
                        cell = "FAILED"
                        failures.append("\(script.name) (swift \(place)): \(error)")
                    }
                }
                table += "\(script.name)\tswift \(place)\t\(cell)\n"
            }
        }
        if let path = settings["NANOSTORE_SCRIPT_TABLE"] {
            try table.write(toFile: path, atomically: true, encoding: .utf8)
        }
        XCTAssertFalse(files.isEmpty, "there are no scripts in \(folder.path)")
        XCTAssertEqual(failures, [], failures.joined(separator: "\n"))
    }
}
