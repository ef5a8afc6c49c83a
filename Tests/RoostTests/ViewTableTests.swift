import Foundation
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost

/// Options of a table, and invalid tables.
@Suite("Tables of views")
struct ViewTableTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(_ source: String) async throws -> ServedHost {
        try await ServedHost(
            Fixture.compile("#include <asgi_urls.h>\n\(source)", named: "table", flags: ["-Wall"], in: self.folder),
            in: self.folder)
    }

    @Test("a table can have its own refusals, keep slashes, and limit bodies")
    func own() async throws {
        try await withServedHost(
            self.serve(
                """
                static asgi_result echo(asgi_request *request) { return asgi_reply(request, 200, "", request->body); }
                static asgi_result page(asgi_request *request, int64_t of)
                {
                    (void)of;
                    return asgi_reply(request, 200, "text/plain", asgi_text("page"));
                }
                static asgi_result refused(asgi_request *request, const asgi_refusal *refusal)
                {
                    if (refusal->status == 413) return ASGI_UNSUPPORTED;
                    return asgi_reply(request, refusal->status, "text/x-own", refusal->reason);
                }
                static const asgi_url rows[] = {
                    ASGI_URL("echo body", echo, "echo"), ASGI_URL("page/?<int:of>", page, "page", ASGI_INT)};
                static const asgi_urls table = ASGI_URLS_WITH(rows, ASGI_URLS_KEEP_SLASHES, 3, refused);
                ASGI_APPLICATION_OF(table, "own", "1.0", "", 0)
                """)
        ) { served in
            let visitor = Visitor(port: served.port)
            for (request, status, text) in [
                ("GET /none", 404, "no such page"), ("GET /page", 404, "no such page"),
                ("PUT /page/", 405, "allowed: GET, HEAD, OPTIONS"), ("GET /page/?of=1", 200, "page"),
                (
                    "GET /page/?of=x", 422,
                    "query field 'of': found 'x', expected an integer from \(Int64.min) to \(Int64.max)"
                ),
            ] {
                let words = request.split(separator: " ").map(String.init)
                let response = try visitor.get(words[1], method: words[0])
                #expect((response.status, response.text) == (status, text))
                #expect(response.header("content-type") == (status == 200 ? "text/plain" : "text/x-own"))
                #expect(response.header("allow") == (status == 405 ? "GET, HEAD, OPTIONS" : nil))
            }
            #expect(try visitor.post("/echo", ["a": "b"]).text == "a=b")
            let large = try visitor.post("/echo", ["a": "bc"])
            #expect((large.status, large.text) == (413, "Content Too Large: the body exceeds 3 bytes\n"))
        }
    }

    static let wrong: [(rows: String, fault: String)] = [
        (
            #"ASGI_URL("a/<int:year>/", text, "a", ASGI_STRING)"#,
            #""a/<int:year>/": text takes (ASGI_STRING), but the pattern gives (ASGI_INT year)"#
        ),
        (#"ASGI_URL("a/", text, "a", ASGI_STRING)"#, #""a/": text takes (ASGI_STRING), but the pattern gives ()"#),
        (#"ASGI_URL("/a", none, "a")"#, #""/a": starts with a slash"#),
        (#"ASGI_URL("<itn:a>", none, "a")"#, "did you mean 'int'?"),
        (#"ASGI_URL("a", none, "a"), ASGI_URL("a", none, "b")"#, #""a": is unreachable, since "a" before it"#),
        (
            #"ASGI_URL("a", none, ""), ASGI_URL("POST a", none, ""), ASGI_URL("GET,POST a", none, "")"#,
            #""GET,POST a": is unreachable, since "a" and "POST a" before it"#
        ),
        (#"ASGI_URL("GET,POST a form", none, "")"#, #""GET,POST a form": a form or JSON is not possible with GET"#),
        (
            #"ASGI_INCLUDE("blog/", nested, "blog")"#,
            #""blog/<int:year>/": text takes (ASGI_STRING), but the pattern gives (ASGI_INT year)"#
        ),
        (#"ASGI_INCLUDE("blog/?x", nested, "blog")"#, #""blog/?x": is a prefix of other paths"#),
        (
            #"{sizeof(asgi_url), 0, ASGI_STRING("a/"), ASGI_STRING(""), {0}, {0}, NULL, NULL, urls, 1}"#,
            "tables are nested more than 16 deep; does one include itself?"
        ),
        (
            #"{sizeof(asgi_url), 0, ASGI_STRING("a"), ASGI_STRING(""), {0}, {0}, NULL, NULL, NULL, 0}"#,
            #""a": has neither"#
        ),
        (#"ASGI_URL("POST  a", none, "")"#, #""POST  a": has two consecutive spaces"#),
        (
            #"{4096, 0, ASGI_STRING("a"), ASGI_STRING(""), {0}, {0}, (asgi_view)none, NULL, NULL, 0}"#,
            "row 1 has a size of 4096 within a stride of"
        ),
        (#"ASGI_INCLUDE("c/", twice, "")"#, #""POST c/x": is unreachable, since "POST c/x" before it"#),
        (#"ASGI_URL("\xff", none, "")"#, "row 1 has a pattern or a name that is not UTF-8"),
        (
            #"{sizeof(asgi_url), 2, ASGI_STRING("a"), ASGI_STRING(""), {0}, {0}, (asgi_view)none, NULL, NULL, 0}"#,
            "row 1 has flags 0x2 that are unknown to this host"
        ),
        (
            #"{sizeof(asgi_url), 0, ASGI_STRING("a/"), ASGI_STRING(""), {0}, {0}, NULL, NULL, nested, 0}"#,
            #""a/": its table has no rows"#
        ),
        (#"{0}"#, "row 1 has the size 0; set it to sizeof"),
        (
            #"{sizeof(asgi_url), 0, ASGI_STRING("a"), ASGI_STRING(""), ASGI_STRING("x"), {0}, (asgi_view)none, NULL, NULL, 0}"#,
            "or one of an unknown kind"
        ),
    ]

    @Test(
        "a table without rows, or with unknown flags, is refused",
        arguments: [
            ("urls, 0, 0, 0, 0, NULL", "its table has no rows"), ("urls, 1, 2, 0, 0, NULL", "flags 0x2"),
            ("urls, 1, 0, 7, 0, NULL", "the reserved member of its table is 7; set it to 0"),
        ])
    func empty(members: String, fault: String) async throws {
        let error = await #expect(throws: (any Error).self) {
            try await self.serve(
                """
                static asgi_result none(asgi_request *request) { (void)request; return ASGI_FAILED; }
                static const asgi_url urls[] = {ASGI_URL("", none, "")};
                static const asgi_urls table = {sizeof table, sizeof *urls, \(members)};
                ASGI_APPLICATION_OF(table, "wrong", "1.0", "", 0)
                """)
        }
        #expect("\(error!)".contains(fault), "\(error!)")
    }

    @Test("a table can include a table of larger rows, each with its own stride")
    func strides() async throws {
        try await withServedHost(
            self.serve(
                """
                static asgi_result none(asgi_request *r) { return asgi_reply(r, 200, "", r->url->name); }
                struct larger { asgi_url row; int more; };
                static const struct larger others[] = {{ASGI_URL("a", none, "a"), 1}, {ASGI_URL("b", none, "b"), 1}};
                static const asgi_url urls[] = {
                    {sizeof(asgi_url), 0, ASGI_STRING("x/"), ASGI_STRING(""), {0}, {0}, NULL, NULL, &others[0].row, 2, sizeof *others},
                    ASGI_URL("c", none, "c")};
                ASGI_APPLICATION(urls, "strides", "1.0")
                """)
        ) { served in
            for (path, text) in [("/x/a", "a"), ("/x/b", "b"), ("/c", "c")] {
                let response = try served.get(path)
                #expect((response.text, response.header("content-type")) == (text, nil))
            }
        }
    }

    @Test("an invalid table is refused before it is served, with the row and both signatures", arguments: wrong)
    func refused(wrong: (rows: String, fault: String)) async throws {
        let source = """
            static asgi_result none(asgi_request *request) { (void)request; return ASGI_FAILED; }
            static asgi_result text(asgi_request *r, const asgi_string *s) { (void)r, (void)s; return ASGI_FAILED; }
            static const asgi_url nested[] = {ASGI_URL("<int:year>/", text, "entry", ASGI_STRING)};
            static const asgi_url twice[] = {ASGI_URL("POST x", none, ""), ASGI_URL("POST x", none, "")};
            static const asgi_url urls[];
            static const asgi_url *const used[] = {urls, nested, twice};
            static const asgi_url urls[4] = {\(wrong.rows)};
            static const asgi_urls table = {sizeof table, sizeof *urls, urls,
                                            sizeof((const asgi_url[]){\(wrong.rows)}) / sizeof *urls, 0, 0, 0, NULL};
            ASGI_APPLICATION_OF(table, "wrong", "1.0", "", 0)
            asgi_result use(void) { return used[0] && (asgi_view)none != (asgi_view)text; }
            """
        let library = try Fixture.compile(
            "#include <asgi_urls.h>\n\(source)", named: "wrong", in: self.folder)
        let error = await #expect(throws: (any Error).self) { try await ServedHost(library, in: self.folder) }
        #expect("\(error!)".contains("its URLs: "), "\(error!)")
        #expect("\(error!)".contains(wrong.fault), "\(error!)")
    }
}
