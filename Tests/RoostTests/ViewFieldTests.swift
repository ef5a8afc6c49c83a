import Foundation
import ModuleRuntime
import TestSupport
import Testing

@testable import Roost

/// The arguments that views in C get from queries, forms, JSON and cookies, and the responses of these views.
@Suite("Fields of views")
struct ViewFieldTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(
            file: Repository.fixture("Views.c"), named: "views", flags: ["-DFOLDER=\"\(self.folder.path)/tree\""],
            in: self.folder)
    }

    private func post(
        _ served: ServedHost, _ target: String, _ type: String?, _ body: String, fields: String = ""
    ) throws -> Response {
        let client = try served.client()
        let type = type.map { "content-type: \($0)\r\n" } ?? ""
        client.send(
            "POST \(target) HTTP/1.1\r\nhost: x\r\n\(type)\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)")
        return try client.readResponse()
    }

    @Test("query fields are found by name, typed, and have defaults")
    func query() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            for (query, status, text) in [
                ("text=a+b%26c", 200, "search 'a b&c' 1 0.5"),
                ("page=-3&text=&least=-1000.25", 200, "search '' -3 -1000.25"),
                ("other=1&text=%C3%A9&other=2", 200, "search 'é' 1 0.5"),
                ("", 422, "Unprocessable Content: query field 'text': missing, expected text\n"),
                (
                    "text=a&page=x", 422,
                    "Unprocessable Content: query field 'page': found 'x', expected an integer from "
                        + "-9223372036854775808 to 9223372036854775807\n"
                ),
            ] {
                let response = try served.get("/search?\(query)")
                #expect(response.status == status, "\(query)")
                #expect(response.text == text, "\(query)")
            }
            // The response names both faults.
            let two = try served.get("/search?page=9223372036854775808&least=nan&text=a")
            #expect(two.status == 422)
            #expect(two.text.contains("'page'") && two.text.contains("'least'"))
            // A percent sign that starts no byte stands for itself, as in browsers (WHATWG URL §5.1).
            for (query, status) in [
                ("text=%zz", 200), ("text=%", 200), ("text=a%00b", 200), ("text=%ff", 422), ("text=a&text=b", 422),
                ("page=+1&text=a", 422), ("page=1.0&text=a", 422), ("page=0x1&text=a", 422), ("least=1e3&text=a", 200),
                ("least=1e&text=a", 422),
                ("page=&text=a", 200), ("page=%EF%BC%91&text=a", 422),
            ] {
                #expect(try served.get("/search?\(query)").status == status, "\(query)")
            }
        }
    }

    @Test("forms are URL-encoded or multipart, with files; another type gets 415, a malformed form 400")
    func forms() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served throws in
            let encoded = "application/x-www-form-urlencoded"
            #expect(
                try self.post(served, "/comments/7/", encoded, "author=me&text=a%0D%0Ab").text
                    == "comment 7 'me' 'a\r\nb'")
            #expect(try self.post(served, "/comments/7/", encoded + "; charset=utf-8", "author=me").status == 200)
            let multipart = """
                --b\r\ncontent-disposition: form-data; name="author"\r\n\r\nme\r\n--b\r
                Content-Disposition: form-data; name="file"; filename="../x/a.txt"\r\nContent-Type: text/x\r\n\r\n--b-\n\r\n--b--\r\n
                """
            #expect(
                try self.post(served, "/comments/7/", "multipart/form-data; boundary=b", multipart).text
                    == "comment 7 'me' 'nothing' file 'a.txt' text/x 5")
            for (type, body, status) in [
                (encoded, "text=a", 422), ("text/plain", "author=me", 415), (nil, "author=me", 415),
                ("multipart/form-data", multipart, 415), ("multipart/form-data; boundary=c", multipart, 400),
                ("multipart/form-data; boundary=b", String(multipart.dropLast(8)), 400),
            ] {
                #expect(try self.post(served, "/comments/7/", type, body).status == status, "\(type ?? "") \(body)")
            }
        }
    }

    @Test("JSON is read and written, and its fields are arguments; malformed JSON gets 400, a wrong type 422")
    func json() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let json = "application/json"
            let order = try self.post(served, "/orders", json, #"{"title":"a\"\u00e9","copies":3}"#)
            #expect((order.status, order.header("content-type")) == (201, "application/json"))
            #expect(order.text == #"{"title":"a\"é","copies":3}"#)
            let document = #"{"a":[1,-2.5,true,null,"x",{"b":0.1}],"c":9223372036854775807,"d":1e300}"#
            #expect(
                try self.post(served, "/echo.json", json, document).text
                    == document.replacingOccurrences(of: "1e300", with: "1e+300"))
            for (body, status) in [
                (#"{"title":"a"}"#, 201), (#"{"title":1}"#, 422), (#"{"title":"a","copies":1.5}"#, 422),
                (#"{"title":"a","copies":"1"}"#, 422), (#"{"copies":1}"#, 422), (#"{"title":"a","copies":true}"#, 422),
                ("[]", 400), ("", 400), ("{", 400), (#"{"title":"a"} x"#, 400), (#"{"title":"\ud800"}"#, 400),
                (String(repeating: "[", count: 100_000), 400),
            ] {
                #expect(try self.post(served, "/orders", json, body).status == status, "\(body.prefix(40))")
            }
            #expect(try self.post(served, "/orders", "text/plain", "{}").status == 415)
            #expect(try self.post(served, "/orders", "application/problem+json", #"{"title":"a"}"#).status == 201)
        }
    }

    @Test("a body is collected up to the host's limit, with or without a length; fields and JSON have limits too")
    func limits() async throws {
        try await withServedHost(
            ServedHost(self.library, in: self.folder) {
                $0.views.body = 1000
                $0.views.fields = 10
                $0.views.jsonValues = 4
            }
        ) { served in
            let thousand = String(repeating: "x", count: 1000)
            #expect(try self.post(served, "/echo", nil, thousand).text == thousand)
            let larger = try self.post(served, "/echo", nil, thousand + "x")
            #expect((larger.status, larger.text) == (413, "Content Too Large: the body exceeds 1000 bytes\n"))
            for (size, status) in [(1000, 200), (1001, 413)] {
                let client = try served.client()
                let body = String(repeating: "x", count: size)
                client.send("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
                client.send("\(String(size, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
                #expect(try client.readResponse().status == status)
            }
            let json = "application/json"
            #expect(try self.post(served, "/echo.json", json, #"{"a":[1,2]}"#).status == 200)
            let many = try self.post(served, "/echo.json", json, "[0,[0],0]")
            #expect((many.status, many.text) == (400, "Bad Request: invalid JSON: more than 4 values\n"))
            let pairs = (0..<9).map { "a\($0)=1" }.joined(separator: "&")
            #expect(try served.get("/search?text=a&\(pairs)").status == 200)
            let refused = try served.get("/search?text=a&b=1&\(pairs)")
            #expect(refused.status == 400)
            #expect(refused.text.contains("more than 10 fields"))
        }
    }

    @Test("an invalid cookie or header is refused, and no part of it is sent")
    func cookies() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let visitor = Visitor(port: served.port)
            let login = try visitor.get("/login", fields: ["cookie: a=b; session=old; session=older"])
            #expect(login.text == "was old")
            #expect(login.header("set-cookie") == "session=s3cret; Path=/; Max-Age=60; HttpOnly; SameSite=Lax")
            #expect(try visitor.get("/login").text == "was nobody")
            #expect(try visitor.get("/cookie?value=abc").header("set-cookie")?.hasPrefix("c=abc; ") == true)
            for bad in ["a%0D%0Ax:y", "a%3B%20b", "%22", "a%2Cb", "a%20b", "%C3%A9", "a%5Cb"] {
                let response = try visitor.get("/cookie?value=\(bad)")
                #expect((response.text, response.header("set-cookie")) == ("-4", nil), "\(bad)")
            }
            #expect(try visitor.get("/header?value=a%20b").header("x-given") == "a b")
            for bad in ["a%0D%0Ax:y", "a%00b", "a%0Ab"] {
                let response = try visitor.get("/header?value=\(bad)")
                #expect((response.text, response.header("x-given"), response.header("x")) == ("-4", nil, nil), "\(bad)")
            }
        }
    }

    @Test("a file that a view sends: conditional requests and a range")
    func conditionalFile() async throws {
        try self.folder.write("tree/a.txt", "0123456789")
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            func get(_ lines: String..., method: String = "GET") throws -> Response {
                let client = try served.client()
                client.send(
                    "\(method) /tree/a.txt HTTP/1.1\r\nhost: x\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n")
                return try client.readResponse(isHead: method == "HEAD")
            }
            let whole = try get()
            let (tag, date) = (try #require(whole.header("etag")), try #require(whole.header("last-modified")))
            #expect((whole.status, whole.text, whole.header("accept-ranges")) == (200, "0123456789", "bytes"))
            for line in ["if-none-match: \(tag)", "if-modified-since: \(date)"] {
                let same = try get(line)
                #expect((same.status, same.text, same.header("etag")) == (304, "", tag))
            }
            let part = try get("range: bytes=2-4", "if-range: \(tag)")
            #expect((part.status, part.text, part.header("content-range")) == (206, "234", "bytes 2-4/10"))
            #expect(try get("range: bytes=10-").status == 416)
            #expect(try get("if-match: \"x\"").status == 412)
            let head = try get("range: bytes=2-4", method: "HEAD")
            #expect((head.status, head.header("content-length")) == (200, "10"))
        }
    }

    @Test("files below a folder are sent with their types; no path leads out of the folder")
    func files() async throws {
        let tree = "\(self.folder.path)/tree"
        try FileManager.default.createDirectory(atPath: "\(tree)/sub", withIntermediateDirectories: true)
        try self.folder.write("tree/a.html", "<p>")
        try self.folder.write("tree/sub/b c.css", "p {}")
        try self.folder.write("secret", "secret")
        for (name, target) in [("out", "\(self.folder.path)/secret"), ("up", "../secret"), ("in", "a.html")] {
            try FileManager.default.createSymbolicLink(atPath: "\(tree)/\(name)", withDestinationPath: target)
        }
        mkfifo("\(tree)/fifo", 0o600)
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let page = try served.get("/tree/a.html")
            #expect((page.status, page.text, page.header("content-type")) == (200, "<p>", "text/html; charset=utf-8"))
            let style = try served.get("/tree/sub/b%20c.css")
            #expect((style.text, style.header("content-type")) == ("p {}", "text/css; charset=utf-8"))
            for path in [
                "../secret", "%2e%2e/secret", "sub/../../secret", "sub/%2e%2e/%2e%2e/secret", "out", "up", "sub",
                "fifo",
                "none",
                "/etc/passwd", "%2Fetc%2Fpasswd", "a.html%00", "..%2Fsecret", "a.html/", "", "%00",
            ] {
                let response = try served.get("/tree/\(path)")
                // A path cannot contain NUL.
                #expect(response.status == (path.contains("%00") ? 400 : 404), "\(path)")
                #expect(!response.text.contains("secret"))
            }
        }
    }
}
