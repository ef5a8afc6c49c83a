import Testing

@testable import HTTPServer

/// The bodies of the server's own answers.
@Suite("Error pages")
struct ErrorPagesTests {
    /// The answer to a request with this `accept`.
    private func answer(
        _ accept: String?, _ pages: ErrorPages = .standard, _ status: Int = 404,
        _ text: String = "Not Found: no such file"
    ) throws -> (body: String, fields: [String: String]) {
        let head = RequestHead()
        var parser = HTTP1Parser(limits: HTTP1Limits())
        let bytes = Array("GET / HTTP/1.1\r\nhost: x\r\n\(accept.map { "accept: \($0)\r\n" } ?? "")\r\n".utf8)
        guard case .complete = bytes.withUnsafeBytes({ parser.parse($0, into: head) }) else {
            throw TrustedPeers.Malformed(description: "invalid request")
        }
        let answer = pages.answer(status, text, to: head)
        return (
            String(decoding: answer.body, as: UTF8.self),
            Dictionary(answer.fields.map { ($0.name.text, $0.value.text) }) { $1 }
        )
    }

    @Test(
        "the client gets the form that it names with the highest weight, and text if it names none",
        arguments: [
            (nil, "text/plain"), ("*/*", "text/plain"), ("text/*", "text/plain"), ("", "text/plain"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
            ("application/json", "application/json"), ("application/problem+json", "application/json"),
            ("application/json, text/plain, */*", "application/json"),
            ("text/html;q=0.5, application/json;q=0.6", "application/json"),
            ("text/html;q=0.5, application/json;q=0.5", "text/html"), ("text/html;q=0", "text/plain"),
            ("text/html;q=0.2, text/plain", "text/plain"), ("TEXT/HTML", "text/html"),
            ("application/json;q=0, */*", "text/plain"), (";;q=,,text/html;q=2", "text/html"),
        ])
    func form(accept: String?, type: String) throws {
        let answer = try self.answer(accept)
        #expect(answer.fields["content-type"]?.hasPrefix(type) == true, "\(answer)")
        #expect(answer.fields["vary"] == "accept")
    }

    @Test("the text is sent as it is; the page has status, phrase and reason; JSON has the members of RFC 9457")
    func bodies() throws {
        #expect(try self.answer(nil).body == "Not Found: no such file")
        let page = try self.answer("text/html")
        #expect(page.body.contains("<title>404 Not Found</title>") && page.body.contains("<p>No such file</p>"))
        #expect(page.fields["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'")
        let json = "application/json"
        #expect(try self.answer(json).body == #"{"status":404,"title":"Not Found","detail":"no such file"}"#)
        #expect(
            try self.answer(json, .standard, 405, "Method Not Allowed; allowed: GET").body
                == #"{"status":405,"title":"Method Not Allowed","detail":"allowed: GET"}"#)
        #expect(
            try self.answer(json, .standard, 500, "Internal Server Error").body
                == #"{"status":500,"title":"Internal Server Error"}"#)
        #expect(
            try self.answer(json, .standard, 400, "a \"b\"\\\n\u{1}").body
                == #"{"status":400,"title":"Bad Request","detail":"a \"b\"\\\n\u0001"}"#)
        #expect(try self.answer(json, .standard, 299, "fine").body == "fine")
        #expect(try self.answer("text/html", .standard, 599, "<b>&").body.contains("<p>&lt;b&gt;&amp;</p>"))
    }

    @Test("a page of the operator replaces that of its status, else of its class, in its form only")
    func own() throws {
        let pages = ErrorPages([
            "404.html": Array("own 404".utf8), "4xx.html": Array("own 4xx".utf8), "5xx.json": Array("{}".utf8),
        ])
        let own = try self.answer("text/html", pages)
        #expect(own.body == "own 404" && own.fields["content-security-policy"] == nil)
        #expect(try self.answer("text/html", pages, 410).body == "own 4xx")
        #expect(try self.answer("text/html", pages, 500).body.contains("<h1>"))
        #expect(try self.answer("application/json", pages, 503).body == "{}")
        #expect(try self.answer(nil, pages).body == "Not Found: no such file")
    }

    @Test(
        "a page is named by a status or a class, and a form",
        arguments: [
            ("404.html", true), ("4xx.json", true), ("5xx.txt", true), ("599.html", true), ("600.html", false),
            ("399.html", false), ("3xx.html", false), ("404.htm", false), ("404", false), ("404.html.gz", false),
            ("+40.html", false), ("4xx", false), (".html", false), ("", false), ("4XX.html", false),
        ])
    func names(name: String, isPage: Bool) { #expect(ErrorPages.isPage(name) == isPage) }
}
