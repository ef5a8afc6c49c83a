import Foundation
import TestHarness
import TestSupport

/// The modules under test. Each is compiled on first use, and removed with this object.
final class Modules {
    static let bench = "\(Repository.root)/.build/release/libBench.so"

    private var folders: [TemporaryFolder] = []
    private var built: [[String]: String] = [:]

    init() throws {
        for file in [Server.roost, Self.bench] where !FileManager.default.fileExists(atPath: file) {
            throw UnexpectedResult("\(file) is missing: make build")
        }
    }

    /// Compiles `Tests/Fixtures/Crashes.c` with these flags. Returns the path of `libcrashes.so`.
    func crashes(_ flags: String...) throws -> String {
        try self.build(flags) { folder in
            try Fixture.compile(file: Repository.fixture("Crashes.c"), named: "crashes", flags: flags, in: folder)
        }
    }

    /// Compiles this version of `Tests/Fixtures/Places.c`.
    func places(_ version: String) throws -> String {
        try self.build(["places", version]) { folder in
            try Fixture.compile(
                file: Repository.fixture("Places.c"), named: "places", flags: ["-DVERSION=\"\(version)\""], in: folder)
        }
    }

    /// Compiles this version of `Tests/Fixtures/Generations.c`, as C++ if the flags require it.
    func generation(_ version: String, _ flags: [String] = []) throws -> String {
        try self.build(["generations", version] + flags) { folder in
            let isUnique = flags.contains("-DUNIQUE")
            return try Fixture.compile(
                file: Repository.fixture("Generations.c"), named: "generations", compiler: isUnique ? "g++" : "gcc",
                flags: ["-DVERSION=\"\(version)\""] + flags + (isUnique ? ["-xc++"] : []), in: folder)
        }
    }

    /// Returns a copy of SwiftHello whose greeting has this letter in place of the W.
    func swiftHello(_ letter: Character) throws -> String {
        try self.build(["SwiftHello", "\(letter)"]) { folder in
            var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Repository.root)/.build/release/libSwiftHello.so"))
            guard let at = bytes.range(of: Data("Hello, W".utf8)) else {
                throw UnexpectedResult("libSwiftHello.so does not contain 'Hello, W'")
            }
            bytes.replaceSubrange(at, with: Data("Hello, \(letter)".utf8))
            let path = "\(folder.path)/SwiftHello.so"
            try bytes.write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    /// Compiles a module that throws a C++ exception through the ABI.
    func throwing() throws -> String {
        try self.build(["c++"]) { folder in
            // Without -fno-gnu-unique the library would have unique symbols and could never be unloaded.
            try Fixture.compile(
                Self.throwingSource, named: "throws", compiler: "g++", flags: ["-fno-gnu-unique"], ending: "cpp",
                in: folder)
        }
    }

    private func build(_ key: [String], _ compile: (TemporaryFolder) throws -> String) throws -> String {
        if let path = self.built[key] { return path }
        let folder = try TemporaryFolder()
        let path = try compile(folder)
        self.folders.append(folder)
        self.built[key] = path
        return path
    }

    private static let throwingSource = """
        #include <asgi.h>
        #include <stdexcept>

        extern "C" void throw_here() { throw std::runtime_error("nobody catches this"); }

        asgi_result application(const asgi_scope *scope, asgi_receive, asgi_send send)
        {
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            if (asgi_equal(asgi_path(scope), "/throw")) throw_here();
            return asgi_respond(scope, send, 200, "text/plain", asgi_text("here"));
        }
        """
}

/// A path at which one module after another is deployed.
final class Deployment {
    private let folder: TemporaryFolder
    var path: String { "\(self.folder.path)/libcrashes.so" }

    init(_ library: String) throws {
        self.folder = try TemporaryFolder()
        try self.put(library)
    }

    /// Replaces the file atomically.
    func put(_ library: String) throws {
        let next = "\(self.path).next"
        try FileManager.default.copyItem(atPath: library, toPath: next)
        guard rename(next, self.path) == 0 else { throw UnexpectedResult("\(self.path): \(errno)") }
    }
}
