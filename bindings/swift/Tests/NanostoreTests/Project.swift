import Foundation

/// The project that is tested: where its files are, and empty folders to work in.
enum Project {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("../../../..").standardizedFileURL

    /// Where the package was built to.
    static let built = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent()

    /// Runs `body` in an empty folder, which is gone afterwards.
    static func inEmptyFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let files = FileManager.default
        let name = "nanostore-\(UUID().uuidString)"
        let folder = files.temporaryDirectory.appendingPathComponent(name)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: folder) }
        return try body(folder)
    }

    /// Runs a program to its end; gives its exit status and what it printed.
    static func run(
        _ program: String, _ arguments: [String], in folder: URL
    ) throws -> (status: Int32, printed: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = folder
        let output = folder.appendingPathComponent("printed-\(UUID().uuidString)")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try handle.close()
        return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
    }
}
