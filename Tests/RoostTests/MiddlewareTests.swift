import Foundation
import HTTPServer
import RoostSettings
import StaticFiles
import TestSupport
import Testing

@testable import Roost

/// Middleware in front of an application, over sockets.
@Suite("Middleware")
struct MiddlewareTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Scope.c"), named: "scope", in: self.folder)
    }

    private func serve(
        _ middleware: String..., library: String? = nil, configure: (inout HostConfiguration) throws -> Void = { _ in }
    ) async throws -> ServedHost {
        try await ServedHost(library ?? self.library, in: self.folder) {
            $0.middleware = middleware.map { MiddlewareEntry($0) }
            try configure(&$0)
        }
    }

    private func ask(
        _ served: ServedHost, _ lines: String..., method: String = "GET", host: String = "x", path: String = "/a",
        body: String = ""
    ) throws -> Response {
        let client = try served.client()
        client.send(
            "\(method) \(path) HTTP/1.1\r\nhost: \(host)\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n" + body)
        return try client.readResponse(isHead: method == "HEAD")
    }

    @Test("request-id: in the scope and in the response, that of a trusted proxy is kept")
    func requestIdentifier() async throws {
        try await withServedHost(self.serve("request-id")) { served throws in
            let response = try self.ask(served)
            let identifier = try #require(response.header("x-request-id"))
            #expect(identifier.count == 32 && identifier.allSatisfy(\.isHexDigit))
            #expect(response.text.contains("x-request-id: \(identifier)\n"))
            #expect(try self.ask(served).header("x-request-id") != identifier)
            let kept = try self.ask(served, "X-Request-ID: 7c4a/b=1")
            #expect(kept.header("x-request-id") == "7c4a/b=1" && kept.text.contains("x-request-id: 7c4a/b=1\n"))
            for bad in ["a b", "", String(repeating: "x", count: 129), "a\"b", "a,b"] {
                let replaced = try self.ask(served, "X-Request-ID: \(bad)")
                #expect(replaced.header("x-request-id")?.count == 32, "\(bad)")
                #expect(!replaced.text.contains(": \(bad)\n"), "\(bad)")
            }
            // The identifiers of a connection's requests do not mix.
            let client = try served.client()
            client.send(
                "GET /a HTTP/1.1\r\nhost: x\r\nx-request-id: one\r\n\r\nGET /a HTTP/1.1\r\nhost: x\r\nx-request-id: two\r\n\r\n"
            )
            #expect(try client.readResponse().header("x-request-id") == "one")
            #expect(try client.readResponse().header("x-request-id") == "two")
        }
        let untrusted = {
            try await self.serve("request-id,header=X-Trace") { $0.server.trustedPeers = try TrustedPeers(["unix"]) }
        }
        try await withServedHost(untrusted()) { served throws in
            #expect(try self.ask(served, "X-Trace: mine").header("x-trace")?.count == 32)
        }
    }

    @Test("trusted-hosts: another host gets 400")
    func trustedHosts() async throws {
        try await withServedHost(self.serve("trusted-hosts,host=example.org *.example.org [::1]")) { served throws in
            for host in ["example.org", "EXAMPLE.org:80", "a.example.org", "a.b.example.org.", "[::1]:8000"] {
                #expect(try self.ask(served, host: host).status == 200, "\(host)")
            }
            for host in ["example.com", "evil-example.org", "example.org.evil", "", "org", ".example.org:"] {
                #expect(try self.ask(served, host: host).status == (host.hasPrefix(".") ? 200 : 400), "\(host)")
            }
        }
    }

    @Test("https-redirect: by the client's scheme, with HSTS over TLS only")
    func secureRedirect() async throws {
        let serve = {
            try await self.serve("https-redirect,hsts=60,subdomains") {
                $0.server.forwarding?.evaluatesPrefix = true
                $0.rootPath = "/r s"
            }
        }
        try await withServedHost(serve()) { served throws in
            let moved = try self.ask(served, "x-forwarded-prefix: /app", host: "Example.org:8000", path: "/a%20b?c=d")
            #expect(moved.status == 301 && moved.header("location") == "https://example.org/app/r%20s/a%20b?c=d")
            #expect(moved.header("strict-transport-security") == nil)
            #expect(try self.ask(served, "content-length: 0", method: "POST").status == 308)
            let secure = try self.ask(served, "X-Forwarded-Proto: https")
            #expect(secure.status == 200)
            #expect(secure.header("strict-transport-security") == "max-age=60; includeSubDomains")
            let socket = try self.ask(
                served, "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13",
                "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")
            #expect(socket.status == 403)
        }
        try await withServedHost(self.serve("https-redirect,port=8443")) { served throws in
            #expect(try self.ask(served, host: "[::1]:80").header("location") == "https://[::1]:8443/a")
        }
    }

    @Test("maintenance: while a file exists")
    func maintenance() async throws {
        try self.folder.write("page.html", "<p>Back soon.</p>")
        let flag = "\(self.folder.path)/off"
        try await withServedHost(
            self.serve("maintenance,while=\(flag),page=\(self.folder.path)/page.html,retry-after=5")
        ) { served throws in
            #expect(try self.ask(served).status == 200)
            try self.folder.write("off", "")
            var response = try self.ask(served)
            while response.status == 200 { response = try self.ask(served) }
            #expect((response.status, response.text) == (503, "<p>Back soon.</p>"))
            #expect(
                response.header("retry-after") == "5" && response.header("content-type") == "text/html; charset=utf-8")
            try FileManager.default.removeItem(atPath: flag)
            while try self.ask(served).status == 503 {}
        }
    }

    @Test("max-body: by the length, and while a body of unknown length arrives")
    func bodyLimit() async throws {
        let calls = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        try await withServedHost(self.serve("max-body,size=10", library: calls)) { served throws in
            #expect(
                try self.ask(served, "content-length: 10", method: "POST", path: "/echo", body: "0123456789").text
                    == "0123456789")
            #expect(try self.ask(served, "content-length: 11", method: "POST", path: "/echo").status == 413)
            let chunked = try self.ask(
                served, "transfer-encoding: chunked", method: "POST", path: "/echo",
                body: "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n")
            #expect(chunked.text == "0123456789")
            // Part of the response was sent before the body was too large: the connection ends.
            let client = try served.client()
            client.send(
                "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n")
            #expect(try client.readResponse().status == 413)
            #expect(try self.ask(served, path: "/state").status == 200)
        }
    }

    @Test("headers: set, add and remove")
    func headers() async throws {
        let serve = {
            try await self.serve(
                "headers,set=content-type:text/x,set=X-A:1,add=x-b:2,add=x-b:3\\, 4,remove=X-C",
                "headers,set=x-a:0")
        }
        try await withServedHost(serve()) { served throws in
            let response = try self.ask(served)
            #expect(response.headers.filter { $0.name == "content-type" }.map(\.value) == ["text/x"])
            // The first in the list sees a response last.
            #expect(response.headers.filter { $0.name == "x-a" }.map(\.value) == ["1"])
            #expect(response.headers.filter { $0.name == "x-b" }.map(\.value) == ["2", "3, 4"])
            let none = try self.ask(served, path: "/a")
            #expect(none.status == 200)
        }
    }

    @Test("cors: preflight, allowed and other origins, caches")
    func crossOrigin() async throws {
        let serve = {
            try await self.serve(
                "cors,origins=https://app.example https://*.app.example,methods=PUT DELETE,headers=x-a X-B,expose=x-c,credentials,max-age=60"
            )
        }
        try await withServedHost(serve()) { served throws in
            let preflight = try self.ask(
                served, "origin: https://app.example", "access-control-request-method: PUT",
                "access-control-request-headers: x-a", method: "OPTIONS")
            #expect(preflight.status == 204)
            #expect(preflight.header("access-control-allow-origin") == "https://app.example")
            #expect(preflight.header("access-control-allow-methods") == "PUT, DELETE, GET, HEAD, POST")
            #expect(preflight.header("access-control-allow-headers") == "x-a, x-b")
            #expect(preflight.header("access-control-allow-credentials") == "true")
            #expect(preflight.header("access-control-max-age") == "60" && preflight.header("vary") == "origin")
            let allowed = try self.ask(served, "origin: https://b.app.example")
            #expect(allowed.header("access-control-allow-origin") == "https://b.app.example")
            #expect(allowed.header("access-control-expose-headers") == "x-c")
            for origin in [
                "https://evil.example", "http://app.example", "https://app.example.evil", "null",
                "https://evilapp.example",
            ] {
                let other = try self.ask(served, "origin: \(origin)")
                #expect(other.status == 200 && other.header("access-control-allow-origin") == nil, "\(origin)")
                #expect(other.header("vary") == "origin")
                let refused = try self.ask(
                    served, "origin: \(origin)", "access-control-request-method: PUT", method: "OPTIONS")
                #expect(refused.status == 204 && refused.header("access-control-allow-methods") == nil)
            }
            // An OPTIONS that is no preflight is the application's.
            #expect(try self.ask(served, "origin: https://app.example", method: "OPTIONS").text.contains("scheme=http"))
        }
        try await withServedHost(self.serve("cors,origins=*,headers=*")) { served throws in
            let response = try self.ask(
                served, "origin: null", "access-control-request-method: GET", "access-control-request-headers: x-z",
                method: "OPTIONS")
            #expect(response.header("access-control-allow-headers") == "x-z")
            #expect(try self.ask(served, "origin: https://any.example").header("access-control-allow-origin") == "*")
            // A cache may keep this one for a page.
            #expect(try self.ask(served).header("access-control-allow-origin") == "*")
        }
    }

    private func gunzip(_ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(self.folder.path)/body.gz"))
        let done = try Command.run(["gzip", "-dc", "\(self.folder.path)/body.gz"])
        #expect(done.status == 0, "\(done.error)")
        return done.output
    }

    @Test("compress: whole and streamed responses, and files from memory")
    func compression() async throws {
        let calls = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        let page = String(repeating: "<p>compressible</p>", count: 2000)
        try self.folder.write("files/page.html", page)
        let serve = {
            try await self.serve("compress,min-size=0,types=text/*", "headers,set=content-type:text/x", library: calls)
            {
                $0.statics = [try StaticEntry(path: "/files", folder: StaticFolder(path: "\(self.folder.path)/files"))]
                $0.staticSettling = 0
            }
        }
        try await withServedHost(serve()) { served throws in
            for path in ["/state", "/stream?20", "/files/page.html"] {
                let plain = try self.ask(served, path: path)
                let coded = try self.ask(served, "accept-encoding: br, gzip;q=0.5", path: path)
                #expect(coded.header("content-encoding") == "gzip", "\(path)")
                #expect(coded.header("vary") == "accept-encoding" && plain.header("vary") == "accept-encoding")
                #expect(try self.gunzip(coded.body) == plain.text, "\(path)")
                for field in ["", "identity", "gzip;q=0", "gzip;q=0.000", "br", "*, gzip;q=0"] {
                    let other = try self.ask(served, "accept-encoding: \(field)", path: path)
                    #expect(other.header("content-encoding") == nil && other.text == plain.text, "\(field)")
                }
            }
            let coded = try self.ask(served, "accept-encoding: gzip", path: "/files/page.html")
            let tag = try #require(coded.header("etag"))
            #expect(tag.hasPrefix("W/\"") && coded.body.count < page.utf8.count / 10)
            #expect(
                try self.ask(served, "accept-encoding: gzip", "if-none-match: \(tag)", path: "/files/page.html").status
                    == 304)
            let part = try self.ask(served, "accept-encoding: gzip", "range: bytes=0-9", path: "/files/page.html")
            #expect((part.status, part.text, part.header("content-encoding")) == (206, String(page.prefix(10)), nil))
            let head = try self.ask(served, "accept-encoding: gzip", method: "HEAD", path: "/files/page.html")
            #expect(head.status == 200 && head.header("content-encoding") == nil)
        }
    }

    @Test("a step that answers is seen by the steps before it only")
    func order() async throws {
        let steps = ["headers,set=x-a:1", "trusted-hosts,host=y", "headers,set=x-b:2"]
        try await withServedHost(self.serve(steps[0], steps[1], steps[2])) { served throws in
            let refused = try self.ask(served)
            #expect((refused.status, refused.header("x-a"), refused.header("x-b")) == (400, "1", nil))
            let passed = try self.ask(served, host: "y")
            #expect((passed.status, passed.header("x-a"), passed.header("x-b")) == (200, "1", "2"))
        }
    }

    @Test("two fields for one identifier")
    func twoIdentifiers() async throws {
        try await withServedHost(self.serve("request-id", "request-id,header=x-trace")) { served throws in
            for _ in 1...3 {
                let response = try self.ask(served)
                let identifier = try #require(response.header("x-request-id"))
                #expect(response.header("x-trace") == identifier)
                #expect(response.text.contains("x-request-id: \(identifier)\n"))
                #expect(response.text.contains("x-trace: \(identifier)\n"))
            }
        }
    }

    @Test("a closure whose body is too large ends once")
    func closure() async throws {
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.middleware = [MiddlewareEntry("max-body,size=10")]
        configuration.runDirectory = "\(self.folder.path)/run"
        let echo = HostApplication.closure(at: "/") { request in .text(String(decoding: request.body, as: UTF8.self)) }
        try await withHost(try Host(applications: [echo], configuration: configuration)) { host in
            try await host.start()
            guard case .tcp(_, let port, _) = host.addresses[0] else { return }
            func post(_ body: String) throws -> Response {
                let client = try RawClient(port: port)
                let size = String(body.utf8.count, radix: 16)
                client.send(
                    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n")
                return try client.readResponse()
            }
            for _ in 1...3 {
                #expect(try post("0123456789a").status == 413)
                #expect(try post("short").text == "short")
            }
        }
    }

    @Test("a failing application gets a 500 that passes through the steps")
    func others() async throws {
        let calls = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        try await withServedHost(self.serve("headers,set=x-a:1", "request-id", library: calls)) { served throws in
            for path in ["/fail", "/none", "/only-start"] {
                let failed = try self.ask(served, path: path)
                #expect(
                    (failed.status, failed.text, failed.header("x-a")) == (500, "Internal Server Error", "1"), "\(path)"
                )
                #expect(failed.header("x-request-id")?.count == 32)
            }
            #expect(try self.ask(served, path: "/state").header("x-a") == "1")
        }
    }
}
