import Foundation
import TestSupport
import Testing

/// Reload by SIGHUP in a single process, where no supervisor can start another worker.
@Suite("Reload without a supervisor")
struct SingleProcessTests {
    private let folder: TemporaryFolder

    init() throws {
        self.folder = try TemporaryFolder()
        try self.build("one", "one 1")
        try self.build("two", "two 1")
    }

    /// Replaces the file by a rename, as a linker and `mv` do.
    private func build(_ name: String, _ answer: String, static: String = "") throws {
        let made = try Fixture.compile(
            """
            #include <asgi.h>
            \(`static`)
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                (void)receive;
                return scope->type == ASGI_HTTP
                    ? asgi_respond(scope, send, 200, "text/plain", asgi_text("\(answer)")) : ASGI_UNSUPPORTED;
            }
            """, named: "\(name)-new", in: self.folder)
        try #require(rename(made, "\(self.folder.path)/\(name).so") == 0)
    }

    private func configure(_ applications: String) throws {
        try self.folder.write("settings.yaml", "applications: [\(applications)]\n")
    }

    private func serve() throws -> RoostProcess {
        try RoostProcess(
            [
                "--no-supervisor", "--app-dir", self.folder.path, "--port", "0", "--run-dir",
                "\(self.folder.path)/run",
            ], folder: self.folder.path)
    }

    private func get(_ path: String, _ server: RoostProcess) throws -> String {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try client.readResponse().text
    }

    @Test("a reload applies changed modules and settings, and refuses invalid ones without affecting the rest")
    func reload() throws {
        try self.configure("{module: ./one.so, mount: /one}, {module: ./two.so, mount: /two}")
        let server = try self.serve()
        #expect(try self.get("/one", server) == "one 1")
        try self.build("one", "one 2")
        kill(server.identifier, SIGHUP)
        try server.waitFor("reloaded")
        #expect(try self.get("/one", server) == "one 2")
        #expect(try self.get("/two", server) == "two 1")
        // Invalid settings change nothing.
        try self.configure("{module: ./one.so, mout: /one}")
        kill(server.identifier, SIGHUP)
        try server.waitFor("reload failed, previous version still serving reason=")
        try server.waitFor("did you mean 'mount'")
        #expect(try self.get("/one", server) == "one 2")
        // One application is moved, the other removed; worker groups are not available.
        try self.configure(
            "{module: ./one.so, mount: /moved}, {module: ./two.so, mount: /grouped, worker: own}")
        kill(server.identifier, SIGHUP)
        try server.waitFor("mounted application=one generation")
        try server.waitFor("'worker' needs worker processes")
        #expect(try self.get("/moved", server) == "one 2")
        #expect(try self.get("/one", server).hasPrefix("Not Found"))
        #expect(try self.get("/two", server).hasPrefix("Not Found"))
        #expect(try self.get("/grouped", server).contains("the application failed to start"))
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a library that a process can load only once is refused with the reason; a later one replaces it")
    func obstacle() throws {
        try self.configure("{module: ./one.so, mount: /}")
        let server = try self.serve()
        try self.build(
            "one", "one 2",
            static:
                "static __thread int counter __attribute__((tls_model(\"initial-exec\"))); int count(void) { return ++counter; }"
        )
        kill(server.identifier, SIGHUP)
        try server.waitFor("cannot be loaded beside the previous version, since it has static TLS")
        #expect(try self.get("/", server) == "one 1")
        try self.build("one", "one 3")
        kill(server.identifier, SIGHUP)
        try server.waitFor("info     reloaded")
        #expect(try self.get("/", server) == "one 3")
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("an application that does not start gives an error response, and is tried again")
    func failing() throws {
        try self.configure("{module: ./one.so, mount: /one}, {module: ./three.so, mount: /three}")
        let server = try self.serve()
        #expect(try self.get("/three", server).contains("the application failed to start"))
        #expect(try self.get("/one", server) == "one 1")
        try self.build("three", "three 1")
        kill(server.identifier, SIGHUP)
        try server.waitFor("mounted")
        #expect(try self.get("/three", server) == "three 1")
        #expect(server.stop() == 0, "\(server.error)")
    }
}
