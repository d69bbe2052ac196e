// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "Nanostore",
    platforms: [.macOS(.v15)],
    products: [.library(name: "Nanostore", targets: ["Nanostore"])],
    targets: [
        .systemLibrary(name: "CNanostore", pkgConfig: "nanostore"),
        .target(name: "Nanostore", dependencies: ["CNanostore"]),
        .executableTarget(name: "todo", dependencies: ["Nanostore"], path: "Examples/todo"),
        .executableTarget(name: "CallCost", dependencies: ["Nanostore"]),
        .testTarget(
            name: "NanostoreTests", dependencies: ["Nanostore", "CNanostore", "todo"]),
    ]
)
