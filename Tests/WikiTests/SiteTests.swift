import Foundation
import TestSupport
import Testing

/// The wiki as its visitors see it.
@Suite("Wiki site")
struct SiteTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test("an entry is created, read, edited, found, and restored")
    func life() throws {
        let server = try WikiServer(folder: self.folder)
        let wiki = server.visitor
        let created = try wiki.post("/new", ["title": " C/C++  & Co ", "text": "# C/C++ & Co\r\n\r\n*first*"])
        #expect(created.status == 303)
        let place = try #require(created.header("location"))
        #expect(place == "/wiki/C/C++%20%26%20Co")
        let page = try wiki.get(place)
        #expect(page.text.contains("<h1>C/C++ &amp; Co</h1>"))
        #expect(page.text.contains("<p><em>first</em></p>"))
        #expect(page.text.components(separatedBy: "<h1").count == 2)
        #expect(try wiki.get("/").text.contains(place))

        let edit = place.replacingOccurrences(of: "/wiki/", with: "/edit/")
        let base = try #require(WikiServer.hidden("base", in: try wiki.get(edit)))
        #expect(try wiki.post(edit, ["base": base, "text": "second"]).status == 303)
        #expect(try wiki.get(place).text.contains("<p>second</p>"))

        #expect(try wiki.get("/search?q=c%2Fc%2B%2B+%26+CO").header("location") == place)
        #expect(try wiki.get("/search?q=C%2B%2B").text.contains(place))
        #expect(try wiki.get("/search?q=none").text.contains("No title has"))

        let history = try wiki.get(place.replacingOccurrences(of: "/wiki/", with: "/history/"))
        #expect(history.text.contains("Version 2"))
        let old = try wiki.get("/version/1/C%2FC%2B%2B%20%26%20Co")
        #expect(old.text.contains("<em>first</em>"))
        let restore = place.replacingOccurrences(of: "/wiki/", with: "/restore/")
        let number = try #require(WikiServer.hidden("number", in: old))
        let current = try #require(WikiServer.hidden("base", in: old))
        #expect(try wiki.post(restore, ["number": number, "base": base]).status == 409)
        #expect(try wiki.post(restore, ["number": number, "base": current]).status == 303)
        #expect(try wiki.get(place).text.contains("Version 3"))
        #expect(try wiki.get("/changes").text.contains("version 3"))
        #expect(try wiki.get("/random").header("location")?.hasPrefix("/wiki/") == true)
        #expect(server.stop().status == 0)
    }

    @Test("a new entry does not replace one with the same title in another case; the form returns the text")
    func exists() throws {
        let server = try WikiServer(folder: self.folder)
        #expect(try server.visitor.post("/new", ["title": "Swift", "text": "a bird"]).status == 303)
        let again = try server.visitor.post("/new", ["title": "sWIFT", "text": "a <language>"])
        #expect(again.status == 409)
        #expect(again.text.contains("a &lt;language&gt;"))
        #expect(try server.visitor.get("/wiki/swift").text.contains("a bird"))
        #expect(try server.visitor.post("/new", ["title": "", "text": "x"]).status == 422)
    }

    @Test("of two concurrent edits the second gets 409 with both texts")
    func conflict() throws {
        let server = try WikiServer(folder: self.folder)
        let wiki = server.visitor
        _ = try wiki.post("/new", ["title": "Two", "text": "start"])
        let base = try #require(WikiServer.hidden("base", in: try wiki.get("/edit/Two")))
        #expect(try wiki.post("/edit/Two", ["base": base, "text": "hers"]).status == 303)
        let his = try wiki.post("/edit/Two", ["base": base, "text": "his"])
        #expect(his.status == 409)
        #expect(his.text.contains("hers") && his.text.contains("his"))
        #expect(try wiki.get("/wiki/Two").text.contains("<p>hers</p>"))
        // The returned form is based on the version that it shows.
        let shown = try #require(WikiServer.hidden("base", in: his))
        #expect(try wiki.post("/edit/Two", ["base": shown, "text": "both"]).status == 303)
    }

    @Test("titles and texts are escaped everywhere, and pages may load nothing")
    func escaping() throws {
        let server = try WikiServer(folder: self.folder)
        let bad = "<b onclick=x>'\"&"
        let text = "</textarea><script>alert(1)</script> ![x](http://elsewhere.example/x.png)"
        #expect(try server.visitor.post("/new", ["title": bad, "text": text]).status == 303)
        let title = Visitor.encoded(bad)
        for place in [
            "/wiki/\(title)", "/edit/\(title)", "/history/\(title)", "/version/1/\(title)", "/", "/changes",
            "/search?q=%3Cb",
            "/search?q=\(title)x", "/new?title=\(title)", "/wiki/\(title)x",
        ] {
            let page = try server.visitor.get(place)
            for bad in ["<script", "<b onclick", "<img", "src=\"http", "x>'"] {
                #expect(!page.text.contains(bad), "\(place) has \(bad)")
            }
            #expect(page.header("content-security-policy")?.hasPrefix("default-src 'none'") == true)
        }
        #expect(try !server.visitor.get("/new?title=a%00b").body.contains(0))
    }

    @Test("titles that no URL can contain are refused", arguments: [".", "..", "...", " ", "\u{200b}", "a\u{0}b"])
    func titles(title: String) throws {
        let server = try WikiServer(folder: self.folder)
        #expect(try server.visitor.post("/new", ["title": title, "text": "x"]).status == 422)
    }

    @Test("histories and search results are paginated")
    func pages() throws {
        let server = try WikiServer("entries_a_page: 2\n", folder: self.folder)
        let wiki = server.visitor
        for number in 1...3 {
            #expect(try wiki.post("/new", ["title": "Page \(number)", "text": "x"]).status == 303)
            let base = try #require(WikiServer.hidden("base", in: try wiki.get("/edit/Roost")))
            #expect(try wiki.post("/edit/Roost", ["base": base, "text": "\(number)"]).status == 303)
        }
        let history = try wiki.get("/history/Roost?page=2")
        #expect(history.text.contains("Version 1") && !history.text.contains("Version 4"))
        #expect(try wiki.get("/history/Roost?page=3").status == 404)
        let found = try wiki.get("/search?q=page+&page=2")
        #expect(found.text.contains("Page 3") && !found.text.contains("Page 1<"))
        #expect(found.text.contains("href=\"/search?q=page%20&amp;page=1\""))
    }

    @Test("while another process writes, entries can be read; a write that waits too long gets 503")
    func busy() async throws {
        let folder = self.folder
        try await onThread {
            let server = try WikiServer(folder: folder)
            let lock = open("\(server.entries)/.lock", O_RDWR)
            #expect(flock(lock, LOCK_EX) == 0)
            let clients = try (0..<80).map { number in
                let client = try RawClient(port: server.port)
                let form = "title=T\(number)&text=x"
                client.send(
                    """
                    POST /new HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded ; charset=utf-8\r
                    content-length: \(form.utf8.count)\r\nconnection: close\r\n\r\n\(form)
                    """)
                return client
            }
            #expect(try server.visitor.get("/wiki/Wiki").status == 200)
            #expect(try clients[79].readResponse().status == 503)
            close(lock)
            #expect(try clients[1].readResponse().status == 303)
        }
    }

    @Test("a form posted by another site is refused")
    func crossSite() throws {
        let server = try WikiServer(folder: self.folder)
        func status(_ fields: String...) throws -> Int {
            try server.visitor.post("/new", ["title": "T\(fields.hashValue)", "text": "x"], fields: fields).status
        }
        #expect(try status("sec-fetch-site: cross-site") == 403)
        #expect(try status("sec-fetch-site: same-site") == 403)
        #expect(try status("sec-fetch-site: same-origin") == 303)
        #expect(try status("origin: http://evil.example") == 403)
        #expect(try status("origin: null") == 403)
        #expect(try status("origin: http://wiki.example.evil.example") == 403)
        #expect(try status("origin: http://Wiki.Example") == 303)
        #expect(try status("sec-fetch-site: cross-site", "origin: http://wiki.example") == 403)
        #expect(try status() == 303)
        // A repeated field: readers could use one or the other.
        #expect(try status("sec-fetch-site: same-origin", "sec-fetch-site: cross-site") == 403)
        #expect(try status("Sec-Fetch-Site: same-origin", "sec-fetch-site: same-origin") == 403)
        #expect(try status("origin: http://wiki.example", "origin: http://evil.example") == 403)
        #expect(
            try status("sec-fetch-site: same-origin", "origin: http://wiki.example", "origin: http://wiki.example")
                == 403)
        #expect(try server.visitor.get("/", fields: ["sec-fetch-site: cross-site"]).status == 200)
    }

    @Test("the index has pages, other methods get Allow, and unknown paths get 404")
    func places() throws {
        let server = try WikiServer("title: Test\nentries_a_page: 2\n", folder: self.folder)
        let wiki = server.visitor
        #expect(try wiki.get("/").text.contains("Page 1 of 2"))
        #expect(try wiki.get("/?page=2").text.contains("aria-label=\"Pages\""))
        for page in ["0", "3", "x", "99999999999999999999"] { #expect(try wiki.get("/?page=\(page)").status == 404) }
        for place in [
            "/wiki", "/wiki/", "/x", "/wiki/none", "/history/none", "/version/0/Wiki", "/version/9/Wiki",
            "/version/x/Wiki",
        ] {
            #expect(try wiki.get(place).status == 404, "\(place)")
        }
        #expect(try wiki.get("/wiki/%2e%2e%2fsettings.yaml").status == 404)
        #expect(try wiki.get("/wiki/Wiki", method: "HEAD").body.isEmpty)
        #expect(try wiki.get("/wiki/Wiki", method: "DELETE").header("allow") == "GET, HEAD, OPTIONS")
        #expect(try wiki.get("/restore/Wiki").header("allow") == "POST, OPTIONS")
        #expect(try wiki.post("/edit/Wiki", ["text": "x"]).status == 422)
        #expect(try wiki.post("/edit/none", ["text": "x", "base": "1-0000000000000000"]).status == 404)
        let style = try wiki.get("/style.css")
        #expect(style.header("content-type") == "text/css; charset=utf-8")
    }

    @Test("a text that is too large is refused, and returned if it is within the body limit")
    func large() throws {
        let server = try WikiServer("largest_entry: 1024\n", folder: self.folder)
        let text = String(repeating: "x", count: 2000)
        let refused = try server.visitor.post("/new", ["title": "Large", "text": text])
        #expect(refused.status == 422)
        #expect(refused.text.contains(text))
        #expect(
            try server.visitor.post(
                "/new", ["title": "Larger", "text": text + text + text + String(repeating: "x", count: 20_000)]
            ).status == 413)
    }

    @Test("a read-only wiki offers and accepts no edits")
    func readOnly() throws {
        try self.folder.write("wiki/entries/Wiki.md", "by hand")
        let server = try WikiServer("may_edit: false\n", folder: self.folder, mount: "/w ä")
        let page = try server.visitor.get("/wiki/Wiki")
        #expect(page.text.contains("href=\"/w%20%C3%A4/history/Wiki\""))
        #expect(!page.text.contains("/edit/") && !page.text.contains("/new"))
        #expect(try server.visitor.get("/edit/Wiki").status == 403)
        #expect(try server.visitor.get("/new").status == 403)
        #expect(try server.visitor.post("/new", ["title": "x", "text": "x"]).status == 403)
        // The server does not write anything itself either.
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.entries) == ["Wiki.md"])
    }

    @Test(
        "a wrong setting refuses the start, with file, line and the allowed values",
        arguments: [
            ("entries_a_page: 0", "'entries_a_page': found 0, expected 1 to 1000"),
            ("may_edit: maybe", "'may_edit': found the text 'maybe', expected true or false"),
            ("titel: x", "'titel': unknown key (did you mean 'title'?)"),
            ("title: ''", "'title': found '', expected a line of 1 to 80 characters"),
            ("entries: /proc/none", "'entries': found '/proc/none'; "),
        ])
    func settings(line: String, message: String) throws {
        try self.folder.write("wiki/settings.yaml", "# Settings\n\n\(line)\n")
        let refused = try Command.run(
            ["\(Repository.root)/.build/release/roost"] + WikiServer.arguments(self.folder))
        #expect(refused.status == 1)
        #expect(refused.error.contains("\(self.folder.path)/wiki/settings.yaml:3: \(message)"), "\(refused.error)")
    }
}
