import HTTPServer
import Testing

@testable import StaticFiles

/// Runs `body` with the bytes of a text.
func withOctets<Value>(_ text: String, _ body: (Octets) throws -> Value) rethrows -> Value {
    try Array(text.utf8).withUnsafeBytes { try body(Octets($0)) }
}

/// Conditional requests and ranges, in the order of RFC 9110 §13 and §14.
@Suite("File requests")
struct FileRequestTests {
    private static let tag = "\"5-a\""
    /// Sun, 06 Nov 1994 08:49:37 GMT.
    private static let modified = 784_111_777

    private func answer(_ fields: [(StaticString, String)], method: StaticString = "GET") -> FileRequest.Answer {
        var list: [HeaderField] = []
        var memory: [UnsafeMutableBufferPointer<UInt8>] = []
        defer { for bytes in memory { bytes.deallocate() } }
        for (name, value) in fields {
            let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(value.utf8.count, 1))
            _ = bytes.initialize(from: value.utf8)
            memory.append(bytes)
            list.append(HeaderField(name: Octets(name), value: Octets(bytes.baseAddress!, value.utf8.count)))
        }
        return list.withUnsafeBufferPointer { fields in
            withOctets(Self.tag) {
                FileRequest(fields, isHead: method.description == "HEAD").answer(
                    size: 10, tag: $0, modified: Self.modified)
            }
        }
    }

    private static let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"

    @Test("a request without preconditions gets the file")
    func plain() { #expect(self.answer([]) == .whole) }

    @Test(
        "If-Match: strong comparison (§13.1.1)",
        arguments: [
            ("\"5-a\"", true), ("*", true), ("\"x\", \"5-a\"", true), ("\"x\",\"5-a\"", true), ("W/\"5-a\"", false),
            ("\"x\"", false), ("5-a", false), ("\"5-a", false),
        ])
    func ifMatch(_ list: String, _ matches: Bool) {
        #expect(self.answer([("if-match", list)]) == (matches ? .whole : .preconditionFailed))
    }

    @Test(
        "If-None-Match: weak comparison (§13.1.2)",
        arguments: [
            ("\"5-a\"", true), ("*", true), ("W/\"5-a\"", true), ("\"x\" , W/\"5-a\"", true), ("\"x\"", false),
            ("\"x\" \"y\"", false), ("", false),
        ])
    func ifNoneMatch(_ list: String, _ matches: Bool) {
        #expect(self.answer([("if-none-match", list)]) == (matches ? .notModified : .whole))
        #expect(self.answer([("if-none-match", list)], method: "HEAD") == (matches ? .notModified : .whole))
    }

    @Test("If-Modified-Since, ignored with If-None-Match (§13.1.3)")
    func ifModifiedSince() {
        #expect(self.answer([("if-modified-since", Self.same)]) == .notModified)
        #expect(self.answer([("if-modified-since", Self.before)]) == .whole)
        #expect(self.answer([("if-modified-since", "yesterday")]) == .whole)
        #expect(self.answer([("if-none-match", "\"x\""), ("if-modified-since", Self.same)]) == .whole)
    }

    @Test("If-Unmodified-Since, ignored with If-Match (§13.1.4)")
    func ifUnmodifiedSince() {
        #expect(self.answer([("if-unmodified-since", Self.same)]) == .whole)
        #expect(self.answer([("if-unmodified-since", Self.before)]) == .preconditionFailed)
        #expect(self.answer([("if-match", "*"), ("if-unmodified-since", Self.before)]) == .whole)
    }

    @Test("If-Match comes before If-None-Match (§13.2.2)")
    func order() {
        #expect(self.answer([("if-match", "\"x\""), ("if-none-match", "*")]) == .preconditionFailed)
        #expect(self.answer([("if-match", "*"), ("if-none-match", "*"), ("range", "bytes=0-1")]) == .notModified)
    }

    @Test("If-Range: the same strong tag or date, else the whole file (§13.1.5)")
    func ifRange() {
        let range: (StaticString, String) = ("range", "bytes=2-3")
        for value in [Self.tag, Self.same] { #expect(self.answer([("if-range", value), range]) == .part(2..<4)) }
        for value in ["\"x\"", "W/\"5-a\"", Self.before, "x"] {
            #expect(self.answer([("if-range", value), range]) == .whole, "\(value)")
        }
    }

    @Test(
        "one range (§14.1.2)",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-", 0..<10), ("bytes=9-9", 9..<10), ("bytes=5-99", 5..<10),
            ("bytes=-3", 7..<10), ("bytes=-99", 0..<10), ("Bytes=1-2", 1..<3),
            ("bytes=0-99999999999999999999999999", 0..<10), ("bytes=-99999999999999999999999999", 0..<10),
            ("bytes=0-9223372036854775807", 0..<10),
        ])
    func range(_ field: String, _ range: Range<Int>) { #expect(self.answer([("range", field)]) == .part(range)) }

    @Test(
        "a range without a byte of the file is not satisfiable (§14.4)",
        arguments: ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999-"])
    func unsatisfiable(_ field: String) { #expect(self.answer([("range", field)]) == .rangeNotSatisfiable) }

    @Test(
        "other units, several ranges, malformed ranges, and ranges of HEAD are ignored (§14.2)",
        arguments: [
            "lines=0-1", "bytes=0-1,3-4", "bytes=5-4", "bytes=", "bytes=-", "bytes", "bytes=a-b", "bytes=0-1x",
            "bytes=+1-2",
            "bytes 0-1", "bytes= 0-1", "bytes=0--1", "bytes=99999999999999999999x-",
        ])
    func ignored(_ field: String) { #expect(self.answer([("range", field)]) == .whole) }

    @Test("HEAD ignores a range")
    func head() { #expect(self.answer([("range", "bytes=0-1")], method: "HEAD") == .whole) }

    @Test(
        "dates in the three forms (§5.6.7)",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Mon, 30 Nov 2026 11:11:11 GMT", 1_796_037_071), ("06 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37", nil), ("Sun, 06 Now 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("Sun, 06 Nov 1994 8:49:37 GMT", nil), ("", nil),
            ("Sun, 99999999999 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Int?)])
    func date(_ text: String, _ second: Int?) {
        #expect(withOctets(text) { HTTPDate.parse($0) } == second)
        if let second, text.hasSuffix("GMT"), text.contains(", 0") || text.contains(", 3") {
            #expect(withOctets(HTTPDate.text(second)) { HTTPDate.parse($0) } == second)
        }
    }

    @Test(
        "the coding that the client prefers (§12.5.3)",
        arguments: [
            ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("GZIP", "gzip"), ("", nil), ("identity", nil),
            ("br;q=0.5, gzip;q=0.8", "gzip"), ("br;q=0", nil), ("*", "br"), ("*;q=0.1, br;q=0", "zstd"),
            ("gzip;q=1.0", "gzip"), ("gzip ; q=0.001", "gzip"), ("x-gzip", nil), (",,gzip,", "gzip"),
            ("gzip;q=", "gzip"),
        ])
    func coding(_ field: String, _ name: String?) {
        let best = withOctets(field) { AcceptEncoding($0).best(of: ContentCoding.allCases) }
        #expect(best.map { "\($0.name)" } == name)
        #expect(withOctets(field) { AcceptEncoding($0).best(of: []) } == nil)
    }

    @Test(
        "a path with an empty or a hidden segment names no file",
        arguments: [
            ("/a.css", "a.css"), ("/a/b.css", "a/b.css"), ("", ""), ("/", ""), ("/a/", "a/"),
            ("/.well-known/x", ".well-known/x"),
            ("/..", nil), ("/../x", nil), ("/a/../b", nil), ("/.git/config", nil), ("/a/.b", nil), ("/a//b", nil),
            ("//a", nil),
            ("/a//", nil), ("/a/.well-known/x", nil), ("/.", nil), ("/a/.", nil), ("/é", "é"),
        ])
    func name(_ path: String, _ name: String?) { #expect(withOctets(path) { FileName(below: $0)?.path } == name) }

    @Test("a name with a hash")
    func hashed() {
        for name in ["site.0c2f9e1a.css", "a-0123abcd.min.js", "index.0e2c4a9f1b3d.html", "a_01234567_b.png"] {
            #expect(StaticFile.isHashed(name[...]), "\(name)")
        }
        for name in [
            "app.bundle.js", "main.dev.js", "style.default.css", "0123abcd.css", "a.0123abc.js", "a.deadbeef",
            "a.facadefacade.js",
        ] {
            #expect(!StaticFile.isHashed(name[...]), "\(name)")
        }
    }

    @Test("types of files")
    func types() {
        for (name, type) in [
            ("a.html", "text/html; charset=utf-8"), ("A.JS", "text/javascript; charset=utf-8"),
            ("a.wasm", "application/wasm"),
            ("a.min.css", "text/css; charset=utf-8"), ("a", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.png", "image/png"), ("a.woff2", "font/woff2"), ("html", "application/octet-stream"),
        ] { #expect(FileMediaType.of(name) == type) }
    }
}
