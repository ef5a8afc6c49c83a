// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "pages",
    products: [.library(name: "Pages", type: .dynamic, targets: ["Pages"])],
    dependencies: [
        .package(name: "roost", path: "../.."),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        .target(
            name: "Pages",
            dependencies: [
                .product(name: "ASGI", package: "roost"), .product(name: "Mustache", package: "swift-mustache"),
            ])
    ]
)
