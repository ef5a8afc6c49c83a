import Testing

@testable import ModuleRuntime

/// The parsing of patterns, and what is refused when a module is loaded.
@Suite("URL patterns")
struct URLPatternTests {
    @Test(
        "methods, path, fields and body are parsed",
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

    @Test("ANY stands for all methods")
    func any() throws {
        #expect(try URLPattern("ANY hook/").methods == .any)
    }

    private static let otherMethods =
        "GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE, QUERY, PROPFIND, PROPPATCH, "
        + "MKCOL, COPY, MOVE, LOCK, UNLOCK, REPORT, ANY"

    @Test(
        "an invalid pattern is refused with advice",
        arguments: [
            ("/articles/", "starts with a slash; remove it, patterns are relative to the mount"),
            ("<integer:x>", "unknown converter 'integer'; known: int, float, str, slug, uuid, path"),
            ("<itn:x>", "unknown converter 'itn', did you mean 'int'?"),
            ("a<int:x", "'<' without '>'"),
            ("a>", "'>' without '<'"),
            ("<int:a><int:b>", "two values without text between them are ambiguous"),
            ("<int:a>/<int:a>", "duplicate name 'a'; give each value its own name"),
            ("<int:a b>", "' is no field' or body"),
            ("<int:>", "invalid name ''; use letters, digits and '_'"),
            ("<int:a-b>", "invalid name 'a-b'; use letters, digits and '_'"),
            ("a%20b", "contains '%'; write the decoded character, since patterns match decoded paths"),
            ("a#b", "contains '#', which never occurs in a request path"),
            ("a\u{1}", "contains a control character"),
            ("a?q", "malformed field 'q'; write <converter:name> or <converter:name=default>, without spaces"),
            ("a?", "malformed field ''; write <converter:name> or <converter:name=default>, without spaces"),
            (
                "a?<str:b=c d>",
                "malformed field '<str:b=c'; write <converter:name> or <converter:name=default>, without spaces"
            ),
            ("a?<int:b>,<int:c>", "'<int:b>,<int:c>' contains several fields; separate them with '&'"),
            ("a?<int:b><int:c>", "'<int:b><int:c>' contains several fields; separate them with '&'"),
            ("a?<int:n>&<int:n>", "duplicate field 'n'"),
            (
                "a?<int:n=x>",
                "the default 'x' of the field 'n' is not an integer from -9223372036854775808 to 9223372036854775807"
            ),
            ("a?<int:=1>", "'<int:=1>' has no name"),
            ("a ", "unknown word '' after the path; known: body, form, json"),
            ("a boddy", "unknown word 'boddy' after the path; known: body, form, json"),
            ("POTS a", "unknown method 'POTS', did you mean 'POST'?"),
            ("GET,PUST a", "unknown method 'GET,PUST'; known: \(Self.otherMethods)"),
            ("ARCHIVE form", "unknown method 'ARCHIVE'; known: \(Self.otherMethods)"),
            ("VERSION-CONTROL body", "unknown method 'VERSION-CONTROL'; known: \(Self.otherMethods)"),
            ("post a", "write methods in capitals: 'POST', not 'post'"),
            ("POST  a", "has two consecutive spaces; write '/' for the mount or the prefix itself"),
            ("a body <int:x>", "unexpected '<int:x>': a body has no fields"),
            ("a form <int:x> y", "'y' is unexpected; separate fields with '&', not with spaces"),
            ("GET a form", "a body is not possible with GET; name the method, for example POST"),
        ]
    )
    func refused(text: String, reason: String) {
        #expect {
            _ = try URLPattern(text)
        } throws: {
            // The space inside the value ends the word: any of several reasons is acceptable.
            text == "<int:a b>" || "\($0)" == reason
        }
    }

    @Test("the prefix of an included table precedes the pattern, with its values")
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
        // The pattern would answer at `blog//x`.
        #expect(throws: URLFault.self) { _ = try URLPattern("/x", below: ["blog/"]) }
        #expect(throws: URLFault.self) { _ = try URLPattern("//", below: ["blog/"]) }
        for text in ["/", "PUT / form", "", "/?<int:a>"] {
            #expect(try URLPattern(text, below: ["blog/"]).pieces == [.text(Array("blog/".utf8))])
            #expect(try URLPattern(text, below: [""]).pieces == [])
        }
        #expect(try URLPattern("/", below: ["blog"]).pieces == [.text(Array("blog/".utf8))])
        #expect(try URLPattern("/x", below: ["blog"]).pieces == [.text(Array("blog/x".utf8))])
    }

    @Test("a row that would never be reached is refused")
    func unreachable() throws {
        func tree(_ texts: String...) throws -> URLTree { try URLTree(texts.map { ($0, try URLPattern($0)) }) }
        #expect {
            _ = try tree("a/<int:x>", "a/<int:y>")
        } throws: {
            "\($0)" == "\"a/<int:y>\": is unreachable, since \"a/<int:x>\" before it has the same path and methods"
        }
        #expect(throws: URLFault.self) { _ = try tree("ANY a", "POST a") }
        #expect(throws: URLFault.self) { _ = try tree("GET a", "POST a", "GET,POST a") }
        _ = try tree("a", "POST a", "ANY a", "a/")
        _ = try tree("HEAD a", "a")
    }
}
