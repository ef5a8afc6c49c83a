import Foundation
import TestHarness
import TestSupport
import Testing

/// The pages that browsers get in place of an application.
@Suite("Error pages of the command")
struct ErrorPageTests {
    private let folder: TemporaryFolder
    private var run: [String] { self.folder.runOptions }

    init() throws { self.folder = try TemporaryFolder() }

    private func get(_ target: String, accept: String = "text/html", _ server: RoostProcess) throws -> Response {
        let client = try RawClient(port: server.port)
        client.send("GET \(target) HTTP/1.1\r\nhost: x\r\naccept: \(accept)\r\n\r\n")
        return try client.readResponse()
    }

    @Test("answers of the host, of files, of middleware and of groups have the form that the client accepts")
    func forms() throws {
        let hello = "\(Repository.products)/libHello.so"
        try self.folder.write("files/a.txt", "a")
        try self.folder.write("pages/503.html", "<h1>Back soon</h1>")
        try self.folder.write("pages/4xx.json", #"{"error":true}"#)
        try self.folder.write(
            "settings.yaml",
            """
            server: {error-pages: pages}
            static: {/files: files}
            applications:
              - {module: \(hello), mount: /small, middleware: [{trusted-hosts: {host: other}}]}
              - {module: ./absent.so, mount: /absent}
              - {module: ./absent.so, mount: /group, worker: g}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        for target in ["/nothing", "/files/b.txt"] {
            let page = try self.get(target, server)
            #expect(page.status == 404 && page.text.contains("<title>404 Not Found</title>"), "\(target)")
            #expect(page.header("vary") == "accept")
            #expect(try self.get(target, accept: "application/json", server).text == #"{"error":true}"#)
            #expect(try self.get(target, accept: "*/*", server).text.hasPrefix("Not Found: "))
        }
        #expect(try self.get("/small", server).text.contains("<p>This host is not served here</p>"))
        for target in ["/absent", "/group"] {
            let page = try self.get(target, server)
            #expect(page.status == 503 && page.text == "<h1>Back soon</h1>", "\(target)")
            #expect(page.header("retry-after") != nil)
            #expect(
                try self.get(target, accept: "application/json", server).text.hasPrefix(
                    #"{"status":503,"title":"Service Unavailable","detail":"the application"#))
        }
        #expect(server.stop() == 0)
    }

    @Test(
        "an application that sends nothing is answered 500 in the form that the client accepts, also behind middleware")
    func failure() throws {
        let library = try Fixture.compile(
            """
            #include <asgi.h>
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                (void)receive, (void)send;
                return scope->type == ASGI_HTTP ? ASGI_FAILED : ASGI_UNSUPPORTED;
            }
            """, in: self.folder)
        try self.folder.write(
            "settings.yaml",
            """
            applications:
              - {module: \(library), mount: /a}
              - {module: \(library), mount: /b, middleware: [compress]}
              - {module: \(library), mount: /c, worker: g}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        for target in ["/a", "/b", "/c"] {
            let page = try self.get(target, server)
            #expect(page.status == 500 && page.text.contains("<title>500 Internal Server Error</title>"), "\(target)")
            #expect(
                try self.get(target, accept: "application/json", server).text
                    == #"{"status":500,"title":"Internal Server Error"}"#)
            #expect(try self.get(target, accept: "*/*", server).text == "Internal Server Error")
        }
        #expect(server.stop() == 0)
    }

    @Test("a folder of pages that cannot be used refuses the start with one line")
    func refused() throws {
        func refusal() throws -> String {
            let done = try Command.run(
                ["timeout", "20", Repository.roost, "\(Repository.products)/libHello.so", "--error-pages", "pages"]
                    + self.run,
                folder: self.folder.path)
            #expect(done.status == 2)
            #expect(done.error.split(separator: "\n").count == 1, "\(done.error)")
            return done.error.replacing("\(self.folder.path)/", with: "")
        }
        #expect(try refusal().contains("error pages: pages is not a folder"))
        mkdir("\(self.folder.path)/pages", 0o755)
        #expect(try refusal().contains("error pages: pages has no pages; add one, like 404.html"))
        try self.folder.write("pages/404.htm", "x")
        #expect(
            try refusal().contains("error pages: pages/404.htm: is not the name of a page; names are like 404.html"))
        unlink("\(self.folder.path)/pages/404.htm")
        try self.folder.write("pages/404.html", String(repeating: "x", count: 256 * 1024 + 1))
        #expect(try refusal().contains("error pages: pages/404.html: has 262145 bytes; a page has 1 to 262144"))
        unlink("\(self.folder.path)/pages/404.html")
        mkfifo("\(self.folder.path)/pages/404.html", 0o644)
        #expect(try refusal().contains("error pages: pages/404.html: is not a regular file"))
    }

    @Test("with --reload, browsers see a failed build and a failed start until they are fixed; programs do not")
    func development() throws {
        func source(_ text: String) throws {
            try self.folder.write(
                "src/site.c",
                """
                #include <asgi.h>
                asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
                {
                    (void)receive;
                    if (scope->type != ASGI_HTTP) return \(text == "refuses" ? "ASGI_FAILED" : "ASGI_UNSUPPORTED");
                    return asgi_respond(scope, send, 200, "text/html", asgi_text("\(text)")\(text == "<broken>" ? "" : ")");
                }
                """)
        }
        try source("one")
        let build = "cc -shared -fPIC -I \(Repository.headers) -o site.new src/site.c && mv site.new site.so"
        let server = try RoostProcess(
            ["./site.so", "--port", "0", "--reload", "--reload-dir", "src", "--build", build] + self.run,
            folder: self.folder.path)
        #expect(try self.get("/", server).text == "one")
        #expect(try self.get("/?__roost-fault", server).text == "retry: 1000\ndata: none\n\n")
        try source("<broken>")
        try server.waitFor("build failed, previous version still serving")
        var page = try self.waitForPage(server) { $0.status == 503 }
        #expect(page.text.contains("site.c:") && page.text.contains("&lt;broken&gt;"))
        #expect(!page.text.contains("<broken>") && page.header("cache-control") == "no-store")
        #expect(try self.get("/", accept: "*/*", server).text == "one")
        let event = try self.get("/?__roost-fault", server)
        #expect(event.header("content-type") == "text/event-stream" && !event.text.contains("none"))
        try source("refuses")
        try server.waitFor("reload failed, previous version still serving")
        page = try self.waitForPage(server) { $0.status == 503 && !$0.text.contains("broken") }
        #expect(page.text.contains("site: "), "\(page.text)")
        #expect(try self.get("/", accept: "*/*", server).text == "one")
        try source("two")
        try server.waitFor(" reloaded application=site")
        page = try self.waitForPage(server) { $0.status == 200 }
        #expect(page.text == "two")
        #expect(try self.get("/?__roost-fault", server).text == "retry: 1000\ndata: none\n\n")
        #expect(server.stop() == 0)
    }

    /// Repeats a request until the workers were told of a change.
    private func waitForPage(_ server: RoostProcess, _ isIt: (Response) -> Bool) throws -> Response {
        var page = try self.get("/", server)
        try wait(for: "the page") {
            page = try self.get("/", server)
            return isIt(page)
        }
        return page
    }
}
