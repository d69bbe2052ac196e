import Foundation

/// The compiler, for programs that are not part of the package: those that the README shows, and
/// those that must not compile.
enum SwiftCompiler {
    private static let package = Project.folder.appendingPathComponent("bindings/swift")
    private static let modules = [
        "-swift-version", "6", "-warnings-as-errors",
        "-I", Project.built.appendingPathComponent("Modules").path,
        "-I", package.appendingPathComponent("Sources/CNanostore").path,
    ]

    /// What the compiler says of a program.
    static func check(_ text: String, in folder: URL) throws -> (status: Int32, printed: String) {
        // Races are looked for behind the check of types.
        try compile(text, ["-c", "-o", folder.appendingPathComponent("main.o").path], in: folder)
    }

    /// Compiles a program and runs it; gives what it printed.
    static func run(_ text: String, in folder: URL) throws -> (status: Int32, printed: String) {
        let objects = Project.built.appendingPathComponent("Nanostore.build")
        let files = try FileManager.default
            .contentsOfDirectory(at: objects, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "o" }.map(\.path)
        let folders = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? ""
        let libraries = folders.split(separator: ":").map { "-L\($0)" }
        let program = folder.appendingPathComponent("program").path
        let compiled = try compile(text, files + libraries + ["-o", program], in: folder)
        guard compiled.status == 0 else { return compiled }
        return try Project.run(program, [], in: folder)
    }

    private static func compile(
        _ text: String, _ arguments: [String], in folder: URL
    ) throws -> (status: Int32, printed: String) {
        let source = folder.appendingPathComponent("main.swift")
        try Data(text.utf8).write(to: source)
        return try Project.run("swiftc", modules + [source.path] + arguments, in: folder)
    }
}
