import Foundation

/// Compiles modules for tests.
public enum Fixture {
    /// A module that answers every request with "hi".
    public static let hello = """
        #include <asgi.h>
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        { (void)receive; return scope->type == ASGI_HTTP ? asgi_respond(scope, send, 200, "text/plain", asgi_text("hi")) : ASGI_UNSUPPORTED; }
        """

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Compiles source text and returns the path of the library. Every call creates a new file.
    public static func compile(
        _ source: String, named name: String = "fixture", compiler: String = "gcc", flags: [String] = [],
        ending: String = "c", headers: String = Repository.headers, in folder: TemporaryFolder
    ) throws -> String {
        let file = try folder.write("\(name).\(ending)", source)
        return try self.compile(
            file: file, named: name, compiler: compiler, flags: flags, headers: headers, in: folder
        )
    }

    /// Compiles a source file and returns the path of the library.
    public static func compile(
        file: String, named name: String, compiler: String = "gcc", flags: [String] = [],
        headers: String = Repository.headers, in folder: TemporaryFolder
    ) throws -> String {
        let library = "\(folder.path)/lib\(name).so"
        let result = try Command.run(
            [compiler, "-shared", "-fPIC", "-g", "-pthread", "-I", headers, "-o", library, file] + flags
        )
        guard result.status == 0, result.error.isEmpty else { throw Failure(description: result.error) }
        return library
    }
}
