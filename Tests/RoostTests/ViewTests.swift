import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// Views in C: which view is called for a request, and with which arguments.
@Suite("Views")
struct ViewTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(
            file: Repository.fixture("Views.c"), named: "views", flags: ["-Wall", "-Wextra"], in: self.folder)
    }

    private func ask(_ requests: [(request: String, status: Int, text: String)]) async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            for expected in requests {
                let words = expected.request.split(separator: " ", maxSplits: 1)
                let response = try Visitor(port: served.port).get(String(words[1]), method: String(words[0]))
                #expect(response.status == expected.status, "\(expected.request)")
                #expect(response.text == expected.text, "\(expected.request)")
            }
        }
    }

    @Test(
        "a path calls its view with the decoded values",
        .enabled(if: !ServedHost.isHTTP2, "of HTTP/1, or of paths that nghttpx changes"))
    func paths() async throws {
        try await self.ask([
            ("GET /", 200, "home"),
            ("GET /articles/2026/hello-world_1/", 200, "article 2026 hello-world_1"),
            ("GET /articles/9223372036854775807/a/", 200, "article 9223372036854775807 a"),
            ("GET /articles/9223372036854775808/a/", 404, "Not Found: no such page\n"),
            ("GET /articles/2026/h%C3%A9/", 404, "Not Found: no such page\n"),
            ("GET /articles/%32026/a%2Db/", 200, "article 2026 a-b"),
            ("GET /blog/", 200, "latest"),
            ("GET /blog/7/x/", 200, "entry 7 x of entry"),
            (
                "GET /mixed/a-b-1.5-00112233-4455-6677-8899-aabbccddeeff.12.txt", 200, "mixed a-b 1.5 00..ff 12"
            ),
            ("GET /below/a/b//c", 200, "below a/b//c"),
            ("GET /below/", 404, "Not Found: no such page\n"),
            ("GET /eight/1/2.5/c/4/5.5/f%20g/7/8", 200, "eight 1 2.5 c 4 5.5 f g 7 8"),
            ("GET /nowhere", 404, "Not Found: no such page\n"),
            ("GET //", 404, "Not Found: no such page\n"),
            ("GET /articles//a/", 404, "Not Found: no such page\n"),
        ])
    }

    @Test(
        "the method selects the row; HEAD uses that of GET, OPTIONS is answered, other methods get 405",
        .enabled(if: !ServedHost.isHTTP2, "of HTTP/1, or of paths that nghttpx changes"))
    func methods() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let visitor = Visitor(port: served.port)
            #expect(try visitor.get("/item").text == "item")
            #expect(try visitor.get("/item", method: "PUT").text == "put")
            #expect(try visitor.get("/item", method: "DELETE").text == "put")
            let head = try visitor.get("/item", method: "HEAD")
            #expect((head.status, head.header("content-length")) == (200, "4"))
            let options = try visitor.get("/item", method: "OPTIONS")
            #expect((options.status, options.header("allow")) == (204, "GET, HEAD, OPTIONS, PUT, DELETE"))
            for method in ["POST", "PATCH", "BREW"] {
                let refused = try visitor.get("/item", method: method)
                #expect((refused.status, refused.header("allow")) == (405, "GET, HEAD, OPTIONS, PUT, DELETE"))
            }
        }
    }

    @Test(
        "a missing trailing slash is redirected to on this host, and the method is kept",
        .enabled(if: !ServedHost.isHTTP2, "of HTTP/1, or of paths that nghttpx changes"))
    func slashes() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let visitor = Visitor(port: served.port)
            for (target, location) in [
                ("/articles/1/a", "/articles/1/a/"), ("/articles/1/a?x=%20&y", "/articles/1/a/?x=%20&y"),
                ("/articles/1/%61", "/articles/1/%61/"), ("/blog", "/blog/"),
            ] {
                let response = try visitor.get(target)
                #expect((response.status, response.header("location")) == (301, location))
            }
            let posted = try visitor.post("/comments/1", [:])
            #expect((posted.status, posted.header("location")) == (308, "/comments/1/"))
            // The redirect includes the root path that a proxy has removed, encoded.
            try await withServedHost(ServedHost(self.library, in: self.folder) { $0.rootPath = "/a b" }) {
                proxied throws in
                #expect(
                    try Visitor(port: proxied.port).get("/articles/1/%61?b").header("location")
                        == "/a%20b/articles/1/%61/?b")
            }
            // Links, redirects and cookies include the part that a proxy reports.
            let serve = {
                try await ServedHost(self.library, in: self.folder) { $0.server.forwarding?.evaluatesPrefix = true }
            }
            try await withServedHost(serve()) { proxied throws in
                func get(_ target: String) throws -> Response {
                    let client = try proxied.client()
                    client.send("GET \(target) HTTP/1.1\r\nhost: x\r\nx-forwarded-prefix: /app\r\n\r\n")
                    return try client.readResponse()
                }
                #expect(try get("/articles/1/%61?b").header("location") == "/app/articles/1/%61/?b")
                #expect(try get("/reverse?name=blog:latest").text == "[/app/blog/]")
            }
            // No redirect leads to another host, whatever the path begins with.
            for target in ["//evil.example/articles/1/a", "/\\evil.example", "//articles/1/a", "/item"] {
                #expect(try visitor.get(target).header("location") == nil, "\(target)")
            }
        }
    }

    @Test("a name is reversed to a path with the mount; wrong arguments are refused, no path leads to another host")
    func reverse() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let visitor = Visitor(port: served.port)
            for (query, path) in [
                ("name=home", "/"), ("name=article&text=a-b", "/articles/1/a-b/"), ("name=blog:latest", "/blog/"),
                ("name=blog:entry&text=x", "/blog/1/x/"), ("name=below&text=a/%C3%A9%20b?c", "/below/a/%C3%A9%20b%3Fc"),
                ("name=below&text=/evil.example", "/below//evil.example"), ("name=article&text=a%20b", ""),
                ("name=nothing", ""), ("name=entry&text=x", ""),
            ] {
                #expect(try visitor.get("/reverse?\(query)").text == "[\(path)]", "\(query)")
            }
            let moved = try visitor.get("/moved")
            #expect((moved.status, moved.header("location")) == (303, "/articles/2026/hello/"))
            #expect(!served.log.holding("call refused", "call=reverse reason=").isEmpty)
        }
    }

    @Test("a view can respond later from a thread, stream its response, or collect the body itself")
    func ways() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let client = try served.client()
            for number in 0..<20 {
                client.send("GET /later/\(number) HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == "later \(number)")
                client.send("GET /stream/\(number) HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == String(repeating: ".", count: number))
                client.send("POST /collect HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n01234")
                client.send("56789")
                #expect(try client.readResponse().text == "collected 0123456789")
            }
            client.send("POST /collect HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n0123456789a")
            #expect(try client.readResponse().status == 413)
        }
    }

    @Test("huge allocations give NULL, and a huge room or argument count does not crash")
    func memory() async throws {
        try await self.ask([("GET /memory", 200, "001 / 1 -4")])
    }

    @Test("views can be called on the thread pool")
    func blocking() async throws {
        let library = try Fixture.compile(
            file: Repository.fixture("Views.c"), named: "blocking", flags: ["-DFLAGS=ASGI_BLOCKING"], in: self.folder)
        try await withServedHost(ServedHost(library, in: self.folder)) { served in
            let visitor = Visitor(port: served.port)
            #expect(try visitor.get("/articles/1/a/").text == "article 1 a")
            #expect(try visitor.get("/later/3").text == "later 3")
            #expect(try visitor.get("/stream/3").text == "...")
            #expect(try visitor.get("/nowhere").status == 404)
            #expect(try visitor.post("/comments/1/", ["author": "me"]).text == "comment 1 'me' 'nothing'")
            let client = try served.client()
            client.send("POST /collect HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n01")
            client.send("23")
            #expect(try client.readResponse().text == "collected 0123")
        }
    }
}
