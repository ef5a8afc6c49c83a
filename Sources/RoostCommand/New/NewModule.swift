import RoostSystem

/// The files of a new module, as texts; writes nothing.
///
/// The files below `Templates` are part of this executable (`PackageResources`). Each is a constant that is named after
/// its file, so no two files may have the same name, even in different folders.
struct NewModule {
    struct File: Equatable {
        /// Relative to the module's folder.
        var path: String
        var text: String
    }

    let name: String
    let language: ModuleLanguage
    /// The command with which the Makefile serves the module.
    var roost = "roost"
    /// The folder of Roost's sources, with which a Swift module is built.
    var sources = ""

    static let longestName = 64

    /// Throws `HostError` if the name is not valid for a folder, a library and a package.
    init(name: String, language: ModuleLanguage) throws {
        guard name.first?.isLetter == true, name.utf8.count <= Self.longestName,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        else {
            throw HostError(
                code: .usage,
                message: "invalid module name '\(name)': use a letter, then letters, digits, - and _,"
                    + " at most \(Self.longestName) characters"
            )
        }
        self.name = name
        self.language = language
    }

    var files: [File] {
        let buildProducts = ["*.so"] + self.language.buildProducts
        return [
            self.file("Makefile", PackageResources.Makefile + self.rules),
            self.file("README.md", PackageResources.README_md),
            self.file("settings.yaml", PackageResources.settings_yaml),
            File(path: ".gitignore", text: buildProducts.map { "\($0)\n" }.joined()),
        ] + self.code
    }

    private var code: [File] {
        switch self.language {
        case .c:
            [
                self.file(self.source, PackageResources.module_c)
            ] + self.headers
        case .cpp:
            [
                self.file(self.source, PackageResources.module_cpp)
            ] + self.headers + [self.header("asgi_urls.hpp", PackageResources.asgi_urls_hpp)]
        case .rust:
            [
                self.file("Cargo.toml", PackageResources.Cargo_toml),
                self.file(self.source, PackageResources.lib_rs),
                self.file("src/asgi.rs", PackageResources.asgi_rs),
            ]
        case .swift:
            [
                self.file("Package.swift", PackageResources.Package_swift),
                self.file(self.source, PackageResources.Module_swift),
            ]
        }
    }

    /// The C interface: `asgi.h`, and every header that it or `asgi_urls.h` includes.
    private var headers: [File] {
        [
            self.header("asgi.h", PackageResources.asgi_h),
            self.header("asgi_applications.h", PackageResources.asgi_applications_h),
            self.header("asgi_broadcast.h", PackageResources.asgi_broadcast_h),
            self.header("asgi_helpers.h", PackageResources.asgi_helpers_h),
            self.header("asgi_json.h", PackageResources.asgi_json_h),
            self.header("asgi_loop.h", PackageResources.asgi_loop_h),
            self.header("asgi_shutdown.h", PackageResources.asgi_shutdown_h),
            self.header("asgi_state.h", PackageResources.asgi_state_h),
            self.header("asgi_urls.h", PackageResources.asgi_urls_h),
        ]
    }

    /// Returns a copy of a header, byte for byte: modules must be compiled with the same headers as the host.
    private func header(_ name: String, _ bytes: [UInt8]) -> File {
        File(path: "include/\(name)", text: String(decoding: bytes, as: UTF8.self))
    }

    /// The rules of the Makefile that build the module.
    private var rules: [UInt8] {
        switch self.language {
        case .c: PackageResources.c_mk
        case .cpp: PackageResources.cpp_mk
        case .rust: PackageResources.rust_mk
        case .swift: PackageResources.swift_mk
        }
    }

    /// The main source file.
    private var source: String {
        switch self.language {
        case .c: "\(self.name).c"
        case .cpp: "\(self.name).cpp"
        case .rust: "src/lib.rs"
        case .swift: "Sources/\(self.target)/\(self.target).swift"
        }
    }

    /// The name of the Swift module, such as `MySiteModule` for `my-site`. Avoids Roost's module names and keywords.
    private var target: String {
        let words = self.name.split { $0 == "-" || $0 == "_" }
        return words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Module"
    }

    private func file(_ path: String, _ template: [UInt8]) -> File {
        var text = String(decoding: template, as: UTF8.self)
        for (word, value) in [
            ("NAME", self.name), ("TARGET", self.target), ("LANGUAGE", self.language.title),
            ("NEEDS", self.language.needs), ("SOURCE", self.source), ("INTERFACE", self.language.interface.path),
            ("MEANING", self.language.interface.meaning), ("ROOST", self.roost.inMakefile),
            ("SOURCES", self.sources.inSwift),
        ] { text = text.replacing("@\(word)@", with: value) }
        return File(path: path, text: text)
    }
}

extension String {
    /// The text as a word of a shell command, quoted for the value of a make variable.
    fileprivate var inMakefile: String {
        let isPlain = self.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) }
        guard !isPlain else { return self }
        return "'\(self.replacing("'", with: #"'\''"#))'".replacing("$", with: "$$").replacing("#", with: "\\#")
    }

    /// The text escaped for a Swift string literal, without the quotes.
    fileprivate var inSwift: String { String(self.debugDescription.dropFirst().dropLast()) }
}
