// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "@NAME@",
    products: [.library(name: "@TARGET@", type: .dynamic, targets: ["@TARGET@"])],
    // Only the SDK is built. Roost's own dependencies are fetched, but not built.
    dependencies: [.package(name: "roost", path: "@SOURCES@")],
    targets: [.target(name: "@TARGET@", dependencies: [.product(name: "ASGI", package: "roost")])]
)
