import Testing

@testable import ModuleRuntime

/// What a pattern says, and what is refused when a module is loaded.
@Suite("Patterns of URLs")
struct URLPatternTests {
    @Test(
        "methods, path, fields, body",
        arguments: [
            ("", "GET, HEAD, OPTIONS", ""),
            ("/", "GET, HEAD, OPTIONS", ""),
            ("articles/<int:year>/<slug:slug>/", "GET, HEAD, OPTIONS", "ASGI_INT year, ASGI_STRING slug"),
            ("<name>", "GET, HEAD, OPTIONS", "ASGI_STRING name"),
            ("POST x", "POST, OPTIONS", ""), ("POST /", "POST, OPTIONS", ""), ("/ form", "POST, OPTIONS", ""),
            ("ARCHIVE", "GET, HEAD, OPTIONS", ""), ("POST ARCHIVE form", "POST, OPTIONS", ""),
            ("report json", "POST, OPTIONS", ""), ("2024 form", "POST, OPTIONS", ""),
            ("GET,POST x", "GET, HEAD, POST, OPTIONS", ""),
            ("search/?<str:q>&<float:above=0.5>", "GET, HEAD, OPTIONS", "ASGI_STRING q, ASGI_DOUBLE above"),
            ("x body", "POST, OPTIONS", ""),
            ("x/<uuid:id> form <str:a>&<int:b[]=3>", "POST, OPTIONS", "ASGI_UUID id, ASGI_STRING a, ASGI_INT b[]"),
            ("PUT f/<path:p>?<str:v=> json <float:n>", "OPTIONS, PUT", "ASGI_PATH p, ASGI_STRING v, ASGI_DOUBLE n"),
        ]
    )
    func taken(text: String, methods: String, signature: String) throws {
        let pattern = try URLPattern(text)
        #expect(pattern.methods.allowed == methods)
        #expect(pattern.signature == signature)
    }

    @Test("any method")
    func any() throws {
        #expect(try URLPattern("ANY hook/").methods == .any)
    }

    private static let otherMethods =
        "before a path in capitals write one of GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE, QUERY, PROPFIND, PROPPATCH, "
        + "MKCOL, COPY, MOVE, LOCK, UNLOCK, REPORT, ANY"

    @Test(
        "what cannot be meant is refused, with what to do",
        arguments: [
            ("/articles/", "begins with a slash: leave it out, what is matched begins behind it"),
            ("<integer:x>", "there is no converter 'integer': there are int, float, str, slug, uuid, path"),
            ("<itn:x>", "there is no converter 'itn', did you mean 'int'?"),
            ("a<int:x", "a '<' has no '>'"),
            ("a>", "a '>' has no '<'"),
            ("<int:a><int:b>", "two values have nothing between them: nobody could tell where the first ends"),
            ("<int:a>/<int:a>", "the name 'a' is there twice: give each value one of its own"),
            ("<int:a b>", "' is no field' or body"),
            ("<int:>", "'' is no name: use letters, digits and '_'"),
            ("<int:a-b>", "'a-b' is no name: use letters, digits and '_'"),
            ("a%20b", "has a '%': write the character itself, paths are matched decoded"),
            ("a#b", "has a '#', which no request's path has"),
            ("a\u{1}", "has a control character"),
            ("a?q", "'q' is no field: write <converter:name> or <converter:name=otherwise>, without spaces"),
            ("a?", "'' is no field: write <converter:name> or <converter:name=otherwise>, without spaces"),
            (
                "a?<str:b=c d>",
                "'<str:b=c' is no field: write <converter:name> or <converter:name=otherwise>, without spaces"
            ),
            ("a?<int:b>,<int:c>", "'<int:b>,<int:c>' is several fields: put '&' between them"),
            ("a?<int:b><int:c>", "'<int:b><int:c>' is several fields: put '&' between them"),
            ("a?<int:n>&<int:n>", "the field 'n' is there twice"),
            ("a?<int:n=x>", "'x' of the field 'n' is not an integer from -9223372036854775808 to 9223372036854775807"),
            ("a?<int:=1>", "'<int:=1>' has no name"),
            ("a ", "'' behind the path is none of body, form, json"),
            ("a boddy", "'boddy' behind the path is none of body, form, json"),
            ("POTS a", "'POTS' is no method, did you mean 'POST'?"),
            ("GET,PUST a", "'GET,PUST' is no method: \(Self.otherMethods)"),
            ("ARCHIVE form", "'ARCHIVE' is no method: \(Self.otherMethods)"),
            ("VERSION-CONTROL body", "'VERSION-CONTROL' is no method: \(Self.otherMethods)"),
            ("post a", "methods are written in capitals: 'POST', not 'post'"),
            ("POST  a", "has two spaces beside each other: the mount or the prefix itself is written '/'"),
            ("a body <int:x>", "'<int:x>' is one word too many: a body has no fields"),
            ("a form <int:x> y", "'y' is one word too many: fields have '&' between them, not spaces"),
            ("GET a form", "a body does not come with GET: name the method, POST say"),
        ]
    )
    func refused(text: String, reason: String) {
        #expect {
            _ = try URLPattern(text)
        } throws: {
            // A space inside a value ends the word: any of the reasons will do.
            text == "<int:a b>" || "\($0)" == reason
        }
    }

    @Test("a prefix goes before it, values too")
    func prefixes() throws {
        let pattern = try URLPattern("<slug:slug>/", below: ["blog/<int:year>", "/x/"])
        #expect(pattern.signature == "ASGI_INT year, ASGI_STRING slug")
        #expect(
            pattern.pieces == [
                .text(Array("blog/".utf8)), .value(.int), .text(Array("/x/".utf8)), .value(.slug),
                .text(Array("/".utf8)),
            ])
        #expect(throws: URLFault.self) { _ = try URLPattern("<int:b>", below: ["<int:a>"]) }
        #expect(throws: URLFault.self) { _ = try URLPattern("x", below: ["/y/"]) }
        // It would answer at `blog//x`.
        #expect(throws: URLFault.self) { _ = try URLPattern("/x", below: ["blog/"]) }
        #expect(throws: URLFault.self) { _ = try URLPattern("//", below: ["blog/"]) }
        for text in ["/", "PUT / form", "", "/?<int:a>"] {
            #expect(try URLPattern(text, below: ["blog/"]).pieces == [.text(Array("blog/".utf8))])
            #expect(try URLPattern(text, below: [""]).pieces == [])
        }
        #expect(try URLPattern("/", below: ["blog"]).pieces == [.text(Array("blog/".utf8))])
        #expect(try URLPattern("/x", below: ["blog"]).pieces == [.text(Array("blog/x".utf8))])
    }

    @Test("what would never be reached is refused")
    func unreachable() throws {
        func tree(_ texts: String...) throws -> URLTree { try URLTree(texts.map { ($0, try URLPattern($0)) }) }
        #expect {
            _ = try tree("a/<int:x>", "a/<int:y>")
        } throws: {
            "\($0)" == "\"a/<int:y>\": is never reached, \"a/<int:x>\" before it has the same path and methods"
        }
        #expect(throws: URLFault.self) { _ = try tree("ANY a", "POST a") }
        #expect(throws: URLFault.self) { _ = try tree("GET a", "POST a", "GET,POST a") }
        _ = try tree("a", "POST a", "ANY a", "a/")
        _ = try tree("HEAD a", "a")
    }
}
