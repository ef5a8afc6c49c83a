import Foundation
import TestSupport
import Testing

/// A module may change the state of its process: the locale, as toolkit libraries do, or the working directory. The
/// host depends on neither.
@Suite("Process state changed by modules")
struct ProcessStateTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// Creates a locale in the folder. It needs no package but libc-bin: characters are ASCII, and missing categories
    /// are only warnings.
    private func makeLocale(_ name: String, point: String) throws {
        let source = try self.folder.write(
            "\(name).src",
            """
            LC_NUMERIC
            decimal_point "\(point)"
            thousands_sep "."
            grouping 3;3
            END LC_NUMERIC
            LC_CTYPE
            copy "POSIX"
            END LC_CTYPE

            """)
        let made = try Command.run(["localedef", "-c", "-i", source, "\(self.folder.path)/locales/\(name)"])
        #expect(
            FileManager.default.fileExists(atPath: "\(self.folder.path)/locales/\(name)/LC_NUMERIC"), "\(made.error)")
    }

    @Test("JSON numbers have a decimal point in any locale of a module", arguments: [("comma", ","), ("tilde", "~")])
    func numbers(name: String, point: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(self.folder.path)/locales", withIntermediateDirectories: true)
        try self.makeLocale(name, point: point)
        let library = try Fixture.compile(
            file: Repository.fixture("Locale.c"), named: "locale", flags: ["-D_GNU_SOURCE"], in: self.folder)
        let server = try RoostProcess(
            [library, "--port", "0", "--run-dir", "\(self.folder.path)/run"],
            environment: ["LOCPATH": "\(self.folder.path)/locales", "LC_ALL": name])
        let port = server.port
        func post(_ path: String, _ body: String) throws -> String {
            let client = try RawClient(port: port)
            client.send(
                "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            return try client.readResponse().text
        }
        func get(_ path: String) throws -> String { try Visitor(port: port).get(path).text }

        // Otherwise the checks below prove nothing.
        #expect(try get("/point") == point)
        for number in ["2.5", "-0.125", "1e+300", "5e-324", "0.1", "[3,2500.0]", "1234567.875"] {
            #expect(try post("/echo", number) == number)
        }
        #expect(try post("/echo", "[2.5e3,1E-2]") == "[2500.0,0.01]")
        #expect(try post("/sum/1.25", #"{"b":2.5}"#) == "3.75")
        #expect(try get("/thread") == "2.5")
        #expect(server.stop() == 0)
    }

    @Test("without a supervisor, relative paths stay those of the start when a module changes the directory")
    func workingFolder() throws {
        let source = """
            #include <asgi.h>
            #include <unistd.h>
            __attribute__((constructor)) static void begin(void) { if (chdir("/") != 0) _exit(9); }
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                (void)receive;
                return scope->type == ASGI_HTTP ? asgi_respond(scope, send, 200, "text/plain", asgi_text("here")) : ASGI_UNSUPPORTED;
            }
            """
        let library = try Fixture.compile(source, named: "walks", in: self.folder)
        let modules = "\(self.folder.path)/modules"
        try FileManager.default.createDirectory(atPath: modules, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: library, toPath: "\(modules)/first.so")
        let server = try RoostProcess(
            ["--no-supervisor", "--modules", "modules", "--port", "0", "--run-dir", "\(self.folder.path)/run"],
            folder: self.folder.path)
        #expect(try Visitor(port: server.port).get("/first/").text == "here")
        #expect(rename(library, "\(modules)/second.so") == 0)
        try server.waitFor("mount=/second")
        #expect(try Visitor(port: server.port).get("/second/").text == "here")
        #expect(server.stop() == 0)
    }
}
