import RoostSystem

/// The languages for a new module.
enum ModuleLanguage: String, CaseIterable {
    case c, cpp, swift, rust

    static let words = Self.allCases.map(\.rawValue)

    /// Throws `HostError` for an unknown language.
    init(word: String) throws {
        guard let language = Self(rawValue: word) else {
            let near = NearestName.to(word, among: Self.words)
            throw HostError(
                code: .usage,
                message: "unknown --language '\(word)'; known: \(Self.words.joined(separator: ", "))"
                    + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
            )
        }
        self = language
    }

    /// The name of the language.
    var title: String {
        switch self {
        case .c: "C"
        case .cpp: "C++"
        case .swift: "Swift"
        case .rust: "Rust"
        }
    }

    /// What is required to build the module.
    var needs: String {
        switch self {
        case .c: "a C compiler"
        case .cpp: "a C++ compiler"
        case .swift: "Swift 6.3 or later, and Roost's sources"
        case .rust: "cargo"
        }
    }

    /// The file of the module's folder with the host's interface, and what it contains.
    var interface: (path: String, meaning: String) {
        switch self {
        case .c, .cpp:
            ("include/asgi.h", "the interface and its manual; asgi_urls.h beside it calls a function for each URL")
        case .swift: ("Package.swift", "names the interface: the library ASGI in Roost's sources")
        case .rust: ("src/asgi.rs", "the part of Roost's asgi.h that the module uses")
        }
    }

    /// The build products besides the library.
    var buildProducts: [String] {
        switch self {
        case .c, .cpp: []
        case .swift: [".build/", "Package.resolved"]
        case .rust: ["target/"]
        }
    }
}
