import RoostSystem

/// What a new module can be written in.
enum ModuleLanguage: String, CaseIterable {
    case c, cpp, swift, rust

    static let words = Self.allCases.map(\.rawValue)

    /// Throws `HostError` that names what there is.
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

    /// As people write it.
    var title: String {
        switch self {
        case .c: "C"
        case .cpp: "C++"
        case .swift: "Swift"
        case .rust: "Rust"
        }
    }

    /// What has to be there to build it.
    var needs: String {
        switch self {
        case .c: "a C compiler"
        case .cpp: "a C++ compiler"
        case .swift: "Swift 6.3 or later, and Roost's sources"
        case .rust: "cargo"
        }
    }

    /// The file of the folder that says what the host offers.
    var interface: (path: String, meaning: String) {
        switch self {
        case .c, .cpp:
            ("include/asgi.h", "the interface and its manual; asgi_urls.h beside it calls a function for each URL")
        case .swift: ("Package.swift", "names the interface: the library ASGI in Roost's sources")
        case .rust: ("src/asgi.rs", "the part of Roost's asgi.h that the module uses")
        }
    }

    /// What its build leaves besides the library.
    var leavings: [String] {
        switch self {
        case .c, .cpp: []
        case .swift: [".build/", "Package.resolved"]
        case .rust: ["target/"]
        }
    }
}
