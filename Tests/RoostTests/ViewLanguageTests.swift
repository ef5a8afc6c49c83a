import Foundation
import TestSupport
import Testing

@testable import Roost

/// One table written in C, C++ and Swift: all three give the same responses.
@Suite("Views in C, C++ and Swift")
struct ViewLanguageTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private static let requests:
        [(method: String, target: String, type: String, body: String, status: Int, text: String)] = [
            ("GET", "/", "", "", 200, "index"),
            ("GET", "/articles/2026/a-b/", "", "", 200, "a-b of 2026"),
            ("GET", "/articles/9223372036854775808/a/", "", "", 404, ""),
            ("GET", "/in/2.5-00ffffff-ffff-ffff-ffff-ffffffffff07", "", "", 200, "2.5 0 7"),
            ("GET", "/in/below/%C3%A9/%2Fx", "", "", 200, "below é//x"),
            ("GET", "/search?text=a+b", "", "", 200, "'a b' 1"),
            ("GET", "/search?text=%C3%A9&page=-7", "", "", 200, "'é' -7"),
            ("GET", "/search?page=x", "", "", 422, ""),
            ("GET", "/none", "", "", 404, ""),
            ("DELETE", "/search", "", "", 405, ""),
            ("POST", "/notes", "application/x-www-form-urlencoded", "text=a%26b", 200, "noted 'a&b'"),
            ("POST", "/notes", "text/plain", "text=a", 415, ""),
            ("POST", "/orders", "application/json", #"{"title":"é","copies":3}"#, 200, "3 'é'"),
            ("POST", "/orders", "application/json", "{", 400, ""),
            ("POST", "/echo", "", "body", 200, "body"),
            ("GET", "/links?text=x", "", "", 200, "[/][/articles/7/x/][/in/below/x][]"),
            ("GET", "/links?text=/a/%26%20%C3%A9", "", "", 200, "[/][][/in/below//a/%26%20%C3%A9][]"),
            ("GET", "/links?text=..", "", "", 200, "[/][][][]"),
        ]

    @Test("the same table gives the same responses", arguments: ["C", "C++", "Swift"])
    func same(language: String) async throws {
        let library =
            switch language {
            case "C": try Fixture.compile(file: Repository.fixture("ViewTable.c"), named: "table", in: self.folder)
            case "C++":
                try Fixture.compile(
                    file: Repository.fixture("ViewTable.cpp"), named: "table", compiler: "g++", in: self.folder)
            default: "\(Repository.products)/libSwiftViews.so"
            }
        try await withServedHost(ServedHost(library, in: self.folder)) { served in
            for request in Self.requests {
                let client = try served.client()
                let type = request.type.isEmpty ? "" : "content-type: \(request.type)\r\n"
                client.send(
                    "\(request.method) \(request.target) HTTP/1.1\r\nhost: x\r\n\(type)"
                        + "content-length: \(request.body.utf8.count)\r\n\r\n\(request.body)")
                let response = try client.readResponse()
                #expect(response.status == request.status, "\(request.method) \(request.target)")
                if request.status == 200 { #expect(response.text == request.text, "\(request.target)") }
                if request.status == 405 { #expect(response.header("allow") == "GET, HEAD, OPTIONS") }
            }
            if language == "C++" {
                #expect(try served.get("/articles/1/throw/").status == 500)
                #expect(served.log.holding("no such article").count == 1)
            }
        }
    }

    @Test("an exception in a C++ view or refusal is logged and gives 500; the next request is answered")
    func thrown() async throws {
        let library = try Fixture.compile(
            """
            #include <asgi_urls.hpp>
            #include <stdexcept>
            static asgi_result view(asgi_request *, std::string_view text)
            {
                if (text == "number") throw 1;
                throw std::runtime_error("no " + std::string(text));
            }
            static asgi_result refused(asgi_request *request, const asgi_refusal *)
            {
                throw std::runtime_error("refused " + std::string(asgi::view(request->scope->path)));
            }
            static const asgi_url urls[] = {asgi::url<view>("<str:text>")};
            static const asgi_urls table = ASGI_URLS_WITH(urls, 0, 0, asgi::refusing<refused>);
            ASGI_APPLICATION_OF(table, "thrown", "1.0", "", 0)
            """, named: "thrown", compiler: "g++", flags: ["-std=c++17"], ending: "cpp", in: self.folder)
        try await withServedHost(ServedHost(library, in: self.folder)) { served throws in
            for (path, line) in [
                ("/page", "no page"), ("/number", "a view threw an exception that is not a std::exception"),
                ("/a/b", "refused /a/b"),
                ("/again", "no again"),
            ] {
                #expect(try served.get(path).status == 500)
                #expect(served.log.holding(line).count == 1, "\(line)")
            }
        }
    }
}
