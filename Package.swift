// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "roost",
    products: [
        .executable(name: "roost", targets: ["RoostCommand"]),
        .library(name: "Roost", type: .dynamic, targets: ["Roost", "RoostC"]),
        .library(name: "ASGI", targets: ["ASGI"]),
        .library(name: "Hello", type: .dynamic, targets: ["Hello"]),
        .library(name: "Auth", type: .dynamic, targets: ["Auth"]),
        .library(name: "SwiftHello", type: .dynamic, targets: ["SwiftHello"]),
        .library(name: "Chat", type: .dynamic, targets: ["Chat"]),
        .library(name: "Wiki", type: .dynamic, targets: ["Wiki"]),
        .library(name: "RoostPython", type: .dynamic, targets: ["PythonBridge"]),
    ],
    traits: [
        .trait(name: "TLS", description: "TLS by swift-nio-ssl. Its BoringSSL takes minutes to build."),
        .default(enabledTraits: ["TLS"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // The C ABI, headers only; modules are compiled against it.
        .target(name: "CASGI"),
        // The Swift SDK; modules written in Swift are compiled against it.
        .target(name: "ASGI", dependencies: ["CASGI"], exclude: ["README.md"], swiftSettings: swift),
        // Calls of Linux and C that Swift's Glibc lacks.
        .target(name: "CLinux"),
        // The page that a worker shares with its supervisor, with crash reports.
        .target(name: "CWorker", dependencies: ["CASGI"], exclude: ["README.md"]),
        // Reports modules that call `_exit`; for the executable only.
        .target(name: "CExit", dependencies: ["CWorker"], exclude: ["README.md"]),
        // Calls views by their signatures with libffi.
        .target(
            name: "CViews", dependencies: ["CASGI"], exclude: ["README.md"], linkerSettings: [.linkedLibrary("ffi")]),
        // JSON for modules, with nlohmann's library.
        .target(name: "CJSON", dependencies: ["CASGI"], exclude: ["README.md"]),
        // The protocol HTTP/2, with libnghttp2.
        .target(name: "CHTTP2", exclude: ["README.md"], linkerSettings: [.linkedLibrary("nghttp2")]),
        // The server core: connections and exchanges. Does not know modules.
        .target(
            name: "HTTPServer",
            dependencies: [
                "CHTTP2", "CLinux", "Clibmd", "Czlib",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // Secures connections with TLS.
        .target(
            name: "HTTPTLS",
            dependencies: [
                "HTTPServer",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // Relays exchanges to another worker process.
        .target(
            name: "HTTPRelay",
            dependencies: [
                "HTTPServer",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // Files as responses: conditional requests, ranges, precompressed files.
        .target(
            name: "StaticFiles",
            dependencies: [
                "CLinux", "HTTPServer",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // Middleware: steps between the server and an application.
        .target(
            name: "Middleware",
            dependencies: [
                "CLinux", "Czlib", "HTTPServer", "RoostSettings", "RoostSystem",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // The system's zlib and SHA-1, for WebSockets.
        .systemLibrary(name: "Czlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "Clibmd", providers: [.apt(["libmd-dev"])]),
        // The headers of Python, for the bridge.
        .systemLibrary(name: "CPython", pkgConfig: "python3", providers: [.apt(["libpython3-dev"])]),
        // ASGI applications of Python: an extension module of the interpreter, and a module of the host.
        .target(
            name: "PythonBridge", dependencies: ["CASGI", "CPython"], path: "Plugins/Python",
            exclude: ["README.md", "roost"], publicHeadersPath: ".",
            cSettings: [.define("Py_LIMITED_API", to: "0x030b0000")]),
        // Operating system services: files, processes, threads, logs.
        .target(
            name: "RoostSystem",
            dependencies: [
                "CLinux",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // The system's libyaml, for settings files.
        .systemLibrary(name: "Clibyaml", providers: [.apt(["libyaml-dev"])]),
        // Settings files: reader, schema, and the applications that they declare.
        .target(
            name: "RoostSettings", dependencies: ["Clibyaml", "HTTPServer", "HTTPTLS", "RoostSystem", "StaticFiles"],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // From a module's name to a copy that can be loaded: ELF file, trust, and the report of a probe child.
        .target(
            name: "RoostModules",
            dependencies: [
                "CASGI", "CLinux", "RoostSystem", .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // From the name of a Python application to the interpreter and the files that run it.
        .target(name: "RoostPython", dependencies: ["RoostSystem"], exclude: ["README.md"], swiftSettings: swift),
        // The ABI at run time: scopes, the function tables for modules, lifespans, views, mounts. The hot path.
        .target(
            name: "ModuleRuntime",
            dependencies: [
                "CASGI", "CJSON", "CLinux", "CViews", "CWorker", "HTTPServer", "Middleware", "RoostModules",
                "RoostSettings", "RoostSystem", "StaticFiles",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md", "Views/README.md"],
            swiftSettings: swift
        ),
        // The applications that are declared, prepared and deployed, and the changes that follow from file changes.
        .target(
            name: "RoostDeployment",
            dependencies: [
                "CASGI", "CLinux", "Middleware", "ModuleRuntime", "RoostModules", "RoostPython", "RoostSettings",
                "RoostSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // The host as a library: starts, mounts, serves and stops applications in one process.
        .target(
            name: "Roost",
            dependencies: [
                "CASGI", "CLinux", "HTTPRelay", "HTTPServer", "HTTPTLS", "Middleware", "ModuleRuntime",
                "RoostDeployment", "RoostModules", "RoostPython", "RoostSettings", "RoostSystem", "StaticFiles",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // Worker processes: the supervisor, worker groups, the control socket.
        .target(
            name: "Supervision",
            dependencies: [
                "CLinux", "CWorker", "HTTPServer", "HTTPTLS", "Middleware", "ModuleRuntime", "Roost", "RoostDeployment",
                "RoostModules", "RoostPython", "RoostSettings", "RoostSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        // The host for C programs: `roost.h` and libRoost.so.
        .target(name: "CRoost", exclude: ["README.md"]),
        .target(
            name: "RoostC",
            dependencies: [
                "CLinux", "CRoost", "HTTPServer", "ModuleRuntime", "Roost", "RoostDeployment", "RoostSettings",
                "RoostSystem",
                "Supervision",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            exclude: ["README.md"], swiftSettings: swift),
        .executableTarget(
            name: "Embed",
            dependencies: [
                "Roost", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Examples/Embed"),
        // The command `roost`.
        .executableTarget(
            name: "RoostCommand",
            dependencies: [
                "CExit", "CLinux", "CWorker", "HTTPServer", "HTTPTLS", "ModuleRuntime", "Roost", "RoostDeployment",
                "RoostModules", "RoostPython", "RoostSettings", "RoostSystem", "StaticFiles", "Supervision",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            // The templates of `roost new` are embedded, since its user may have no other file of Roost.
            resources: [.embedInCode("Templates")],
            swiftSettings: swift,
            linkerSettings: [
                .unsafeFlags(["_exit", "_Exit"].flatMap { ["-Xlinker", "--export-dynamic-symbol=\($0)"] })
            ]
        ),
        .target(
            name: "Hello", dependencies: ["CASGI"], path: "Plugins/Hello", exclude: ["README.md"],
            publicHeadersPath: "."
        ),
        .target(
            name: "Bench", dependencies: ["CASGI"], path: "Plugins/Bench", exclude: ["README.md"],
            publicHeadersPath: "."
        ),
        .target(
            name: "Chat", dependencies: ["CASGI"], path: "Plugins/Chat", exclude: ["README.md"],
            publicHeadersPath: "."
        ),
        .target(
            name: "Auth", dependencies: ["CASGI"], path: "Plugins/Auth", exclude: ["README.md"],
            publicHeadersPath: ".", linkerSettings: [.linkedLibrary("crypt"), .linkedLibrary("md")]
        ),
        .target(
            name: "SwiftHello", dependencies: ["ASGI"], path: "Plugins/SwiftHello", exclude: ["README.md"],
            swiftSettings: swift
        ),
        // The system's libcmark, for the wiki.
        .systemLibrary(name: "Ccmark", providers: [.apt(["libcmark-dev"])]),
        .target(
            name: "Wiki", dependencies: ["ASGI", "Ccmark"], path: "Plugins/Wiki", exclude: ["README.md", "wiki"],
            swiftSettings: swift
        ),
        // Measures NIO alone, for `make bench`.
        .executableTarget(
            name: "BareNIO",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/BareNIO", swiftSettings: swift
        ),
        // Test modules written in Swift.
        .target(name: "SwiftCalls", dependencies: ["ASGI"], path: "Tests/Fixtures/SwiftCalls", swiftSettings: swift),
        .target(name: "SwiftViews", dependencies: ["ASGI"], path: "Tests/Fixtures/SwiftViews", swiftSettings: swift),
        // Hostile clients, for `make test-hostile`.
        .executableTarget(
            name: "Hostile", dependencies: ["TestHarness", "TestSupport"], path: "Tests/Hostile", swiftSettings: swift),
        // Crashes, replaces and stops workers, for `make test-workers`.
        .executableTarget(
            name: "Workers", dependencies: ["TestHarness", "TestSupport"], path: "Tests/Workers", swiftSettings: swift),
        // Shared by these two programs.
        .target(name: "TestHarness", path: "Tests/Harness", exclude: ["README.md"], swiftSettings: swift),
        .target(
            name: "TestSupport",
            dependencies: [
                "CSpawn", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            path: "Tests/Support", swiftSettings: swift
        ),
        .target(name: "CSpawn", path: "Tests/CSpawn"),
        // Decodes header blocks of HTTP/2 for tests.
        .target(name: "CHPACK", path: "Tests/CHPACK", linkerSettings: [.linkedLibrary("nghttp2")]),
        .testTarget(name: "ASGITests", dependencies: ["ASGI", "CASGI", "TestSupport"], swiftSettings: swift),
        .testTarget(name: "CASGITests", dependencies: ["CASGI", "TestSupport"], swiftSettings: swift),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "CASGI", "CHPACK", "HTTPServer", "HTTPTLS", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "HTTPRelayTests",
            dependencies: [
                "HTTPRelay", "HTTPServer", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "StaticFilesTests", dependencies: ["CLinux", "HTTPServer", "StaticFiles", "TestSupport"],
            swiftSettings: swift),
        .testTarget(
            name: "MiddlewareTests", dependencies: ["HTTPServer", "Middleware", "RoostSettings", "TestSupport"],
            swiftSettings: swift),
        .testTarget(
            name: "RoostSystemTests",
            dependencies: ["RoostSystem", "TestSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swift
        ),
        .testTarget(
            name: "RoostSettingsTests", dependencies: ["RoostSettings", "RoostSystem", "TestSupport"],
            swiftSettings: swift),
        .testTarget(
            name: "RoostModulesTests", dependencies: ["CASGI", "RoostModules", "RoostSystem", "TestSupport"],
            swiftSettings: swift),
        .testTarget(
            name: "ModuleRuntimeTests",
            dependencies: [
                "CASGI", "CJSON", "CLinux", "CViews", "HTTPServer", "ModuleRuntime", "RoostSettings", "RoostSystem",
                "TestSupport", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "RoostDeploymentTests",
            dependencies: [
                "CASGI", "ModuleRuntime", "RoostDeployment", "RoostModules", "RoostSettings", "RoostSystem",
                "TestSupport",
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "SupervisionTests",
            dependencies: [
                "CWorker", "HTTPServer", "ModuleRuntime", "RoostDeployment", "RoostModules", "RoostSettings",
                "RoostSystem", "Supervision", "TestSupport",
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "RoostTests",
            dependencies: [
                "CASGI", "HTTPServer", "ModuleRuntime", "Roost", "RoostDeployment", "RoostModules", "RoostSettings",
                "RoostSystem", "StaticFiles", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        // Checks conventions of the sources that the compiler does not check.
        .testTarget(name: "ConventionTests", dependencies: ["TestSupport"], swiftSettings: swift),
        .testTarget(name: "WikiTests", dependencies: ["TestSupport", "Wiki"], swiftSettings: swift),
        .testTarget(name: "RoostCommandTests", dependencies: ["TestHarness", "TestSupport"], swiftSettings: swift),
    ]
)

// Modules that the tests and the benchmarks load at run time. They are products since SwiftPM links a library into a
// file of its own only for a product. (It also creates a product for each executable target, but of the root package
// only.)
let loadedByTests = ["Bench", "SwiftCalls", "SwiftViews"]
package.products += loadedByTests.map { .library(name: $0, type: .dynamic, targets: [$0]) }

// The targets of `make fuzz`. A plain build cannot link them.
if Context.environment["ROOST_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzz", path: "Tests/Fuzz/CFuzz"),
        .executableTarget(
            name: "RequestFuzz", dependencies: ["CFuzz", "HTTPServer"], path: "Tests/Fuzz/RequestFuzz",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "HTTP2Fuzz",
            dependencies: [
                "CFuzz", "CHPACK", "HTTPServer",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Fuzz/HTTP2Fuzz", swiftSettings: swift
        ),
        .executableTarget(
            name: "EdgeFuzz", dependencies: ["CFuzz", "HTTPServer", "StaticFiles"], path: "Tests/Fuzz/EdgeFuzz",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "SocketFuzz",
            dependencies: ["CFuzz", "HTTPServer", .product(name: "NIOCore", package: "swift-nio")],
            path: "Tests/Fuzz/SocketFuzz", swiftSettings: swift
        ),
        .executableTarget(
            name: "RelayFuzz",
            dependencies: [
                "CFuzz", "HTTPRelay", "HTTPServer",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Fuzz/RelayFuzz", swiftSettings: swift
        ),
        .executableTarget(
            name: "MessageFuzz", dependencies: ["CFuzz", "RoostModules", "RoostSystem", "Supervision"],
            path: "Tests/Fuzz/MessageFuzz", swiftSettings: swift
        ),
        .executableTarget(
            name: "ViewFuzz", dependencies: ["CASGI", "CFuzz", "CJSON", "CViews", "HTTPServer", "ModuleRuntime"],
            path: "Tests/Fuzz/ViewFuzz", swiftSettings: swift
        ),
    ]
}
