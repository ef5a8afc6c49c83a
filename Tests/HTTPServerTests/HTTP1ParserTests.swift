import TestSupport
import Testing

@testable import HTTPServer

/// Tests of request headers, in the order of RFC 9112.
@Suite("HTTP/1 request headers")
struct HTTP1ParserTests {
    @Test("a complete header is parsed (§2.1)")
    func whole() {
        let head = Parsed("GET /a/b?c=d HTTP/1.1\r\nHost: Example.org\r\nAccept:  */* \r\n\r\nrest").head
        #expect(
            head
                == Parsed.Head(
                    method: "GET", path: "/a/b", rawPath: "/a/b", query: "c=d", version: "1.1",
                    fields: ["host=Example.org", "accept=*/*"], size: 59
                )
        )
    }

    @Test("one empty line before the request line is ignored (§2.2)")
    func leadingLine() {
        #expect(Parsed("\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n").head?.method == "GET")
        #expect(Parsed("\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n").status == 400)
    }

    @Test(
        "bare LF, bare CR, NUL and control characters get 400 (§2.2, RFC 9110 §5.5)",
        arguments: [
            "GET / HTTP/1.1\nhost: x\n\n", "GET / HTTP/1.1\r\nhost: x\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\nb: a\rb\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\nb: a\0b\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\nb: a\u{7f}b\r\n\r\n",
            "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\nb\0: a\r\n\r\n",
        ]
    )
    func controlCharacters(text: String) { #expect(Parsed(text).status == 400) }

    @Test(
        "an invalid request line is refused with its status (§3)",
        arguments: [
            ("GET  / HTTP/1.1", 400), ("GET / HTTP/1.1 ", 400), (" GET / HTTP/1.1", 400), ("GET /", 400), ("GET", 400),
            ("G(T / HTTP/1.1", 400), ("GET / HTTP/2.0", 505), ("GET / HTTP/0.9", 505), ("GET / HTTP/11", 400),
            ("GET / HTTP/1.x", 400), ("GET / HTTP/x.1", 400), ("PRI * HTTP/2.0", 505),
            ("GET / http/1.1", 400), ("GET /\u{e9} HTTP/1.1", 400), ("GET /a#b HTTP/1.1", 400),
            ("GET /a b HTTP/1.1", 400),
            ("CONNECT x:80 HTTP/1.1", 501), ("GET * HTTP/1.1", 400), ("GET x HTTP/1.1", 400),
            ("GET ftp://x/ HTTP/1.1", 400), ("GET http:// HTTP/1.1", 400), ("GET http://a@b/ HTTP/1.1", 400),
            ("asdf", 400), ("\u{16}\u{3}\u{1}", 400),
        ]
    )
    func requestLine(line: String, status: Int) { #expect(Parsed("\(line)\r\nhost: x\r\n\r\n").status == status) }

    @Test("all supported forms of the request target are parsed (§3.2)")
    func targets() {
        #expect(Parsed("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n").head?.path == "*")
        let absolute = Parsed("GET http://Other:81/p?q HTTP/1.1\r\nhost: x\r\n\r\n").head
        #expect(absolute?.path == "/p")
        #expect(absolute?.query == "q")
        #expect(absolute?.fields == ["host=Other:81"])
        #expect(Parsed("GET http://other?q HTTP/1.1\r\nhost: x\r\n\r\n").head?.rawPath == "/")
        #expect(Parsed("GET /? HTTP/1.1\r\nhost: x\r\n\r\n").head?.query == "")
    }

    @Test(
        "the method is case-sensitive: head is not HEAD (RFC 9110 §9.1)",
        arguments: ["head", "Get", "post", "hEAD"])
    func method(name: String) {
        #expect(Parsed("\(name) / HTTP/1.1\r\nhost: x\r\n\r\n").head?.method == name)
        #expect(Parsed("\(name) * HTTP/1.1\r\nhost: x\r\n\r\n").status == 400)
    }

    @Test("a later minor version is processed as 1.1 (RFC 9110 §6.2)", arguments: ["1.1", "1.2", "1.9"])
    func laterVersion(version: String) {
        #expect(Parsed("GET / HTTP/\(version)\r\nhost: x\r\n\r\n").head?.version == "1.1")
        #expect(Parsed("GET / HTTP/\(version)\r\n\r\n").status == 400)
    }

    @Test("an OPTIONS * or without a path is for the whole server (RFC 9110 §9.3.7, RFC 9112 §3.2.4)")
    func serverWide() throws {
        func isServerWide(_ line: String) throws -> Bool {
            let head = RequestHead()
            var parser = HTTP1Parser(limits: HTTP1Limits())
            let bytes = Array("\(line) HTTP/1.1\r\nhost: x\r\n\r\n".utf8)
            guard case .complete = bytes.withUnsafeBytes({ parser.parse($0, into: head) }) else {
                throw Refusal.badRequest("the test's head is not whole")
            }
            return head.isServerWide
        }
        #expect(try isServerWide("OPTIONS *"))
        #expect(try isServerWide("OPTIONS http://x"))
        for line in ["OPTIONS /", "OPTIONS /*", "OPTIONS http://x/", "OPTIONS http://x?q", "GET http://x"] {
            #expect(try !isServerWide(line), "\(line)")
        }
    }

    @Test(
        "the reason of a refusal names the fault",
        arguments: [
            ("GET /a b HTTP/1.1", "space in the request target; percent-encode it"),
            ("GET /a", "missing HTTP version"), ("GET ", "missing request target"),
            ("GET  / HTTP/1.1", "two consecutive spaces in the request line"),
            ("GET /a#b HTTP/1.1", "fragment (#) in the request target"),
            ("GET /\u{e9} HTTP/1.1", "invalid character in the request target; percent-encode it"),
            ("GET / HTTP/1.1 x", "malformed HTTP version"), ("GET / http/1.1", "malformed HTTP version"),
            ("PRI * HTTP/2.0", "HTTP/2 begins with its preface; use HTTP/1.1 in a request line"),
        ])
    func reasons(line: String, reason: String) { #expect(Parsed.reason("\(line)\r\n") == reason) }

    @Test("a TLS client is recognized by its first bytes, and refused at once")
    func tls() {
        #expect(Parsed.reason("\u{16}\u{3}") == "TLS handshake on a plain HTTP port; use http://")
        #expect(Parsed("\u{16}") == .incomplete)
    }

    @Test("the header of a refused request contains no data of the previous request")
    func refusedHead() {
        let head = RequestHead()
        var parser = HTTP1Parser(limits: HTTP1Limits())
        func parse(_ text: String) -> Parsed { Parsed(Array(text.utf8), &parser, head) }
        #expect(parse("HEAD /a?b HTTP/1.1\r\nhost: x\r\n\r\n").head?.method == "HEAD")
        #expect(parse("G(T / HTTP/1.1\r\n").status == 400)
        #expect(head.method.size == 0 && head.rawPath.size == 0 && head.query.size == 0)
        #expect(parse("HEAD /%zz?q HTTP/1.1\r\nhost: x\r\n\r\n").status == 400)
        #expect(head.method.text == "HEAD" && head.rawPath.text == "/%zz")
        #expect(parse("POST /c HTTP/1.1\r\na : b\r\n").status == 400)
        #expect(head.method.text == "POST" && head.rawPath.text == "/c")
    }

    @Test("the path is decoded, the raw path is kept; a path that is not UTF-8 gets 400 (RFC 3986 §2.1)")
    func path() {
        let head = Parsed("GET /caf%C3%A9%2F+?%41 HTTP/1.1\r\nhost: x\r\n\r\n").head
        #expect(head?.path == "/café/+")
        #expect(head?.rawPath == "/caf%C3%A9%2F+")
        #expect(head?.query == "%41")
        for bad in ["/%", "/%4", "/%zz", "/%C3", "/%ff", "/%00", "/%ED%A0%80"] {
            #expect(Parsed("GET \(bad) HTTP/1.1\r\nhost: x\r\n\r\n").status == 400, "\(bad)")
        }
    }

    @Test("a request has exactly one host field, with a valid value (§3.2)")
    func host() {
        #expect(Parsed("GET / HTTP/1.1\r\n\r\n").status == 400)
        #expect(Parsed("GET / HTTP/1.0\r\n\r\n").head?.version == "1.0")
        #expect(Parsed.withField("host: x").status == 400)
        for bad in ["a b", "a/b", "a@b", "[::1", "a:b", "a\"", "[g]"] {
            #expect(Parsed("GET / HTTP/1.1\r\nhost: \(bad)\r\n\r\n").status == 400, "\(bad)")
        }
        for good in ["", "a", "a:80", "a.b-c_d", "[::1]", "[::1]:80", "127.0.0.1:1"] {
            #expect(Parsed("GET / HTTP/1.1\r\nhost: \(good)\r\n\r\n").head != nil, "\(good)")
        }
    }

    @Test("valid field lines are parsed, malformed ones get 400 (§5)")
    func fields() {
        #expect(Parsed.withField("A-b: C").head?.fields == ["host=x", "a-b=C"])
        #expect(Parsed.withField("a:").head?.fields == ["host=x", "a="])
        #expect(Parsed.withField("a: b\r\na: c").head?.fields == ["host=x", "a=b", "a=c"])
        #expect(Parsed.withField("a:\tb \t").head?.fields == ["host=x", "a=b"])
        #expect(Parsed.withField("a: \u{e9}").head?.fields == ["host=x", "a=\u{e9}"])
        for bad in ["a : b", "a", ": b", " a: b", "a: b\r\n c", "a(: b", "a\u{e9}: b"] {
            #expect(Parsed.withField(bad).status == 400, "\(bad)")
        }
    }

    @Test("ambiguous or unsupported framing is refused (§6)")
    func framing() {
        let both = Parsed.withField("content-length: 1\r\ntransfer-encoding: chunked")
        #expect(both.status == 400)
        #expect(Parsed.withField("transfer-encoding: chunked", version: "1.0").status == 400)
        let codings: [([String], Int?)] = [
            (["Chunked"], nil), (["", "chunked"], nil), (["gzip, chunked"], 501), (["gzip", "chunked"], 501),
            (["gzip,, x;q=1", " chunked"], 501), (["gzip"], 400), ([""], 400), (["chunked, gzip"], 400),
            (["chunked", "gzip"], 400), (["chunked", "chunked"], 400), (["chunked, chunked"], 400),
            (["chunked", "gzip", "chunked"], 400), (["chunked;q=1"], 400), (["xchunked"], 400),
        ]
        for (lines, status) in codings {
            let fields = lines.map { "transfer-encoding: \($0)" }.joined(separator: "\r\n")
            #expect(Parsed.withField(fields).status == status, "\(lines)")
        }
        for bad in ["", "-1", "+1", "1a", "0x1", "1, 1", "1 1", " "] {
            #expect(Parsed.withField("content-length: \(bad)").status == 400, "\(bad)")
        }
        #expect(Parsed.withField("content-length: 99999999999999999999").status == 413)
        #expect(Parsed.withField("content-length: 1\r\ncontent-length: 2").status == 400)
        #expect(Parsed.withField("content-length: 1\r\ncontent-length: 1").head != nil)
        #expect(Parsed.withField("content-length: 5\r\ncontent-length: 05").status == 400)
        #expect(Parsed.withField("content-length: 5, 5").status == 400)
    }

    @Test("an expectation other than 100-continue gets 417 (RFC 9110 §10.1.1)")
    func expect() {
        #expect(Parsed.withField("expect: 100-Continue").head != nil)
        #expect(Parsed.withField("expect: something").status == 417)
    }

    @Test("a request above a limit gets 414 or 431")
    func limits() {
        var limits = HTTP1Limits()
        limits.requestLine = 20
        limits.field = 20
        limits.fields = 3
        limits.head = 100
        func parsed(_ text: String) -> Parsed { Parsed(text, limits: limits) }
        #expect(parsed("GET /1234567 HTTP/1.1\r\nhost: x\r\n\r\n").status == 414)
        #expect(parsed("GET /123456 HTTP/1.1\r\nhost: x\r\n\r\n").head != nil)
        #expect(parsed("GET /123456789012345678901").status == 414)
        #expect(parsed("GET / HTTP/1.1\r\nhost: x\r\na: 123456789012345678\r\n\r\n").status == 431)
        #expect(parsed("GET / HTTP/1.1\r\nhost: x\r\na: 123456789012345678").status == 431)
        #expect(parsed("GET / HTTP/1.1\r\nhost: x\r\na: b\r\nc: d\r\n\r\n").head != nil)
        #expect(parsed("GET / HTTP/1.1\r\nhost: x\r\na: b\r\nc: d\r\ne: f\r\n\r\n").status == 431)
        limits.fields = 100
        #expect(
            parsed("GET / HTTP/1.1\r\nhost: x\r\n" + String(repeating: "abc: defg\r\n", count: 8) + "\r\n").status
                == 431)
    }

    @Test("memory grows for a large header")
    func growth() {
        let long = String(repeating: "x", count: 15_000)
        let head = Parsed("GET /\(long) HTTP/1.1\r\nhost: x\r\na: \(long)\r\nb: \(long)\r\n\r\n").head
        #expect(head?.path.count == 15_001)
        #expect(head?.fields[2] == "b=\(long)")
    }

    /// Valid and invalid requests of all kinds.
    static let corpus = [
        "GET / HTTP/1.1\r\nhost: x\r\n\r\n", "GET /a%20b?c HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\nGET",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc", "\r\nGET http://a/b HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\nhost: x\n\n", "GET / HTTP/1.1\r\na : b\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n",
        "garbage\r\n\r\n",
        "head /a HTTP/1.2\r\nhost: x\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n",
    ]

    @Test("the result does not depend on how a request is split", arguments: Self.corpus)
    func splits(text: String) {
        let bytes = Array(text.utf8)
        let whole = Parsed(text)
        for step in 1...7 {
            var parser = HTTP1Parser(limits: HTTP1Limits())
            let head = RequestHead()
            var outcome = Parsed.incomplete
            var count = 0
            while outcome == .incomplete, count < bytes.count {
                count = min(count + step, bytes.count)
                outcome = Parsed(Array(bytes[..<count]), &parser, head)
            }
            #expect(outcome == whole, "in steps of \(step)")
        }
    }

    @Test("10,000 mutated requests give the same result complete and in pieces, without a crash")
    func mutations() {
        var numbers = SeededNumbers(state: 9112)
        for _ in 0..<10_000 {
            var bytes = Array(Self.corpus.randomElement(using: &numbers)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let at = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes.insert([0, 9, 10, 13, 32, 58].randomElement(using: &numbers)!, at: at)
                default: bytes.remove(at: at)
                }
            }
            var whole = HTTP1Parser(limits: HTTP1Limits())
            let outcome = Parsed(bytes, &whole, RequestHead())
            var pieces = HTTP1Parser(limits: HTTP1Limits())
            let head = RequestHead(capacity: 32)
            var split = Parsed.incomplete
            var count = 0
            while split == .incomplete, count < bytes.count {
                count += min(Int.random(in: 1...20, using: &numbers), bytes.count - count)
                split = Parsed(Array(bytes[..<count]), &pieces, head)
            }
            #expect(split == outcome, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }
}
