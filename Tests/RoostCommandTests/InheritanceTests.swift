import TestSupport
import Testing

/// A process that a module starts inherits no connection, listener or epoll instance of the server.
@Suite("Descriptors of processes that modules start")
struct InheritanceTests {
    private static let module = """
        #include <asgi.h>
        #include <stdio.h>
        asgi_result application(const asgi_scope *s, asgi_receive r, asgi_send send)
        {
            static char text[8192];
            asgi_string body = {text, 0};
            FILE *list;
            (void)r;
            if (s->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            if (!asgi_equal(asgi_path(s), "/list")) return asgi_respond(s, send, 200, "text/plain", asgi_text("ok"));
            list = popen("for n in /proc/self/fd/*; do readlink $n; done", "r");
            if (!list) return ASGI_FAILED;
            body.size = fread(text, 1, sizeof text, list);
            pclose(list);
            return asgi_respond(s, send, 200, "text/plain", body);
        }
        """

    @Test("neither direct connections nor those of a worker group are inherited", arguments: [false, true])
    func inherited(isGrouped: Bool) throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.compile(Self.module, named: "list", in: folder)
        try folder.write(
            "settings.yaml", "applications:\n  - {module: \(library), mount: /\(isGrouped ? ", worker: own" : "")}\n")
        let server = try RoostProcess(
            ["--app-dir", folder.path, "--port", "0", "--run-dir", "\(folder.path)/run"], folder: folder.path)
        // A connection that waits for its next request, and a connection in the middle of a request.
        let idle = try RawClient(port: server.port)
        idle.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(try idle.readResponse().text == "ok")
        let begun = try RawClient(port: server.port)
        begun.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
        let client = try RawClient(port: server.port)
        client.send("GET /list HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        let list = try client.readToEnd()
        #expect(list.contains("pipe:"))
        #expect(!list.contains("socket:"), "\(list)")
        #expect(!list.contains("anon_inode:"), "\(list)")
        #expect(!list.contains("memfd:"), "\(list)")
        #expect(!list.contains(folder.path), "\(list)")
        idle.close()
        begun.close()
        #expect(server.stop() == 0)
    }
}
