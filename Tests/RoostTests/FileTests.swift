import Foundation
import TestSupport
import Testing

@testable import Roost

/// Files that the kernel sends: `http.response.pathsend` and `http.response.zerocopysend`.
@Suite("Files")
struct FileTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Files.c"), named: "files", in: self.folder)
    }

    private func serve() async throws -> ServedHost { try await ServedHost(self.library, in: self.folder) }

    @Test(
        "a file sent by its path has its length, and the connection is kept",
        arguments: ["/pathsend", "/thread-pathsend"])
    func path(route: String) async throws {
        try await withServedHost(self.serve()) { served in
            let text = String(repeating: "0123456789abcdef", count: 1 << 16)
            let file = try self.folder.write("a file", text)
            let empty = try self.folder.write("empty", "")
            // A path without spaces: decoding the query is up to the module, and the fixture does not.
            let link = "\(self.folder.path)/link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
            let client = try served.client()
            for _ in 0..<3 {
                client.send("GET \(route)?\(link) HTTP/1.1\r\nhost: x\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.header("content-length") == "\(text.utf8.count)")
                #expect(response.body == Array(text.utf8))
            }
            client.send("HEAD \(route)?\(link) HTTP/1.1\r\nhost: x\r\n\r\n")
            let head = try client.readResponse(isHead: true)
            #expect(head.header("content-length") == "\(text.utf8.count)")
            client.send("GET \(route)?\(empty) HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().header("content-length") == "0")
        }
    }

    @Test(
        "a path that is not a regular file gives FAILED and a log line, and the module can still respond",
        arguments: ["/pathsend", "/thread-pathsend"])
    func notSent(route: String) async throws {
        try await withServedHost(self.serve()) { served in
            let fifo = "\(self.folder.path)/fifo"
            mkfifo(fifo, 0o600)
            for (path, reason) in [
                ("/nowhere", "No such file or directory"), ("\(self.folder.path)", "not a regular file"),
                (fifo, "not a regular file"), ("/dev/zero", "not a regular file"), ("relative", "is not absolute"),
            ] {
                let client = try served.client()
                client.send("GET \(route)?\(path) HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == "no file")
                #expect(
                    !served.log.holding("send failed", "event=http.response.pathsend reason=", reason).isEmpty,
                    "\(path)"
                )
            }
            #expect(served.log.holding("sent FAILED").count == 5)
        }
    }

    @Test(
        "parts of a descriptor are sent in chunks, by offset or by position, from a duplicate",
        arguments: ["/parts", "/thread-parts"])
    func parts(route: String) async throws {
        try await withServedHost(self.serve()) { served in
            let file = try self.folder.write("digits", "0123456789")
            let client = try served.client()
            for _ in 0..<2 {
                client.send("GET \(route)?\(file) HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == "012345|126789")
            }
            #expect(served.log.holding("sent FAILED").count == 2)
            #expect(
                !served.log.holding("1073741824 bytes from 1 are more than its 10 bytes").isEmpty)
            let old = try served.client()
            old.send("GET \(route)?\(file) HTTP/1.0\r\n\r\n")
            #expect(try old.readToEnd().hasSuffix("\r\n\r\n012345|126789"))
        }
    }

    @Test("a file that is unreadable or shorter than its size gives FAILED; a file by its path is the whole body")
    func unreadable() async throws {
        try await withServedHost(self.serve()) { served in
            let file = try self.folder.write("digits", "0123456789")
            for (route, path, reason) in [
                ("/write-only", file, "not open for reading"), ("/path-only", file, "not open for reading"),
                ("/pathsend", "/sys/kernel/mm/transparent_hugepage/enabled", "exceeds the file system's maximum"),
            ] {
                let client = try served.client()
                client.send("GET \(route)?\(path) HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == "no file", "\(route)")
                #expect(!served.log.holding("send failed", reason).isEmpty, "\(route)")
            }
            let client = try served.client()
            client.send("GET /second-pathsend?\(file) HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text == "first.")
            let refusal = "event=http.response.pathsend reason=pathsend must be the whole body"
            #expect(!served.log.holding("call refused", refusal).isEmpty)
        }
    }

    @Test("a part accepted from another thread is sent, however much output is pending")
    func markSent() async throws {
        try await withServedHost(self.serve()) { served in
            let file = try self.folder.write("digits", "0123456789")
            let client = try served.client()
            client.send("GET /behind-much?\(file) HTTP/1.1\r\nhost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.body.count == (2 << 20) + 10 + 1)
            #expect(response.body.suffix(11) == Array("0123456789.".utf8))
        }
    }

    @Test("a file truncated while it is sent ends the connection, so the response does not look complete")
    func cutShort() async throws {
        try await withServedHost(self.serve()) { served in
            let size = 64 << 20
            let file = try self.folder.write("large", "")
            truncate(file, off_t(size))
            let client = try served.client()
            client.send("GET /pathsend?\(file) HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readMore())
            truncate(file, 1 << 20)
            var count = client.received.count
            while try client.readMore() { count = client.received.count }
            // A proxy may write the name in another way.
            #expect(client.text.lowercased().contains("content-length: \(size)\r\n"))
            #expect(count < size)
        }
    }

    private static let conditional = """
        #include <asgi.h>
        #include <string.h>
        static void send_file(void *context, asgi_id id, asgi_result result, const asgi_event *unused)
        {
            const asgi_scope *scope = context;
            static const asgi_header own[] = {{ASGI_STRING("etag"), ASGI_STRING("\\"own\\"")}, {ASGI_STRING("x-a"), ASGI_STRING("b")}};
            asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
            (void)unused;
            event.flags = ASGI_CONDITIONAL;
            event.text = asgi_setting(scope, "file", "");
            event.headers = asgi_equal(scope->path, "/own") ? own : own + 1;
            event.header_count = asgi_equal(scope->path, "/own") ? 2 : 1;
            if (asgi_equal(scope->path, "/absent")) event.text = asgi_text("/no/such/file");
            result = ((asgi_send)scope->state)(id, &event, NULL, NULL);
            scope->host->finish(id, result == ASGI_PENDING ? ASGI_DONE : result);
        }
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
            asgi_event event = asgi_event_of(0);
            if (scope->type == ASGI_LIFESPAN) {
                receive(scope->id, &event, NULL, NULL);
                event = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
                event.state = (void *)send;
                send(scope->id, &event, NULL, NULL);
                event = asgi_event_of(0);
                receive(scope->id, &event, NULL, NULL);
                event = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
                return send(scope->id, &event, NULL, NULL);
            }
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            if (asgi_equal(scope->path, "/thread")) return scope->host->spawn(scope->id, send_file, (void *)scope);
            if (asgi_equal(scope->path, "/late")) {
                event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
                event.status = 200;
                send(scope->id, &event, NULL, NULL);
            }
            send_file((void *)scope, scope->id, ASGI_DONE, NULL);
            return ASGI_PENDING;
        }
        """

    @Test("a file with ASGI_CONDITIONAL is a complete response, by the conditions and the range of the request")
    func conditional() async throws {
        let file = try self.folder.write("file.txt", "0123456789")
        // The lifespan's `send` is the same function as that of requests.
        let library = try Fixture.compile(
            Self.conditional, flags: ["-Wno-pedantic"], in: self.folder)
        try await withServedHost(ServedHost(library, settings: "file: \(file)", in: self.folder)) { served throws in
            func get(_ path: String, _ fields: String..., method: String = "GET") throws -> Response {
                let client = try served.client()
                client.send("\(method) \(path) HTTP/1.1\r\nhost: x\r\n\(fields.map { "\($0)\r\n" }.joined())\r\n")
                return try client.readResponse(isHead: method == "HEAD")
            }
            for path in ["/a", "/thread"] {
                let whole = try get(path)
                #expect(whole.status == 200 && whole.text == "0123456789", "\(path)")
                #expect(whole.header("content-type") == "text/plain; charset=utf-8" && whole.header("x-a") == "b")
                #expect(whole.header("accept-ranges") == "bytes" && whole.header("last-modified") != nil)
                let tag = try #require(whole.header("etag"))
                let same = try get(path, "if-none-match: \(tag)")
                #expect(same.status == 304 && same.text.isEmpty && same.header("etag") == tag)
                #expect(same.header("x-a") == "b")
                let part = try get(path, "range: bytes=2-4", "if-range: \(tag)")
                #expect(part.status == 206 && part.text == "234")
                #expect(part.header("content-range") == "bytes 2-4/10" && part.header("content-length") == "3")
                #expect(try get(path, "range: bytes=2-4", "if-range: \"x\"").status == 200)
                #expect(try get(path, "range: bytes=20-").status == 416)
                #expect(try get(path, "if-match: \"x\"").status == 412)
                let head = try get(path, method: "HEAD")
                #expect(head.status == 200 && head.header("content-length") == "10")
            }
            // The conditions are the module's then.
            let own = try get("/own", "if-none-match: \"own\"", "range: bytes=1-2")
            #expect(own.status == 200 && own.text == "0123456789" && own.header("etag") == "\"own\"")
            #expect(try get("/a", "range: bytes=1-2", method: "POST").status == 200)
            #expect(try get("/absent").status == 500)
            #expect(try get("/late").status == 500)
        }
    }
}
