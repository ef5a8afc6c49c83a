import HTTPServer
import Testing

@testable import ModuleRuntime

/// Fields of queries and forms, media types, and cookies.
@Suite("Forms")
struct FormTests {
    struct Field: Equatable, Sendable {
        var name: String
        var value: String
        var isRepaired: Bool

        init(_ name: String, _ value: String, mended: Bool = false) {
            self.name = name
            self.value = value
            self.isRepaired = mended
        }
    }

    private static func fields(_ text: [UInt8], most: Int = 1000) -> [Field]? {
        text.withUnsafeBytes { bytes -> [Field]? in
            var arena = Arena()
            let found = URLEncodedFields.read(Octets(bytes), most: most, into: &arena)
            let fields = found.map { found in
                (0..<found.count).map {
                    Field(found.name($0).text, found.value($0).text, mended: found.mended.contains($0))
                }
            }
            // The arena holds the decoded texts.
            extendLifetime(arena)
            return fields
        }
    }

    @Test(
        "URL-encoded fields are read as by browsers (https://url.spec.whatwg.org/#urlencoded-parsing)",
        arguments: [
            ("", []), ("&", []), ("&&a=1&", [Field("a", "1")]),
            ("a=1&b=2", [Field("a", "1"), Field("b", "2")]),
            ("a=1&a=2", [Field("a", "1"), Field("a", "2")]),
            ("a", [Field("a", "")]), ("a=", [Field("a", "")]), ("=", [Field("", "")]), ("=v", [Field("", "v")]),
            ("a=b=c", [Field("a", "b=c")]), ("a=1;b=2", [Field("a", "1;b=2")]),
            ("a+b=x+y", [Field("a b", "x y")]), ("a=%2B%20", [Field("a", "+ ")]),
            ("%61%26=%3D%C3%a4", [Field("a&", "=ä")]), ("a=%00", [Field("a", "\0")]),
            // A `%` without two digits stands for itself.
            ("a=%", [Field("a", "%")]), ("a=%4", [Field("a", "%4")]), ("a=%zz", [Field("a", "%zz")]),
            ("a=%4g", [Field("a", "%4g")]), ("a=%%34", [Field("a", "%4")]), ("a=%+1", [Field("a", "% 1")]),
            ("%=%", [Field("%", "%")]), ("a=%4&b=1", [Field("a", "%4"), Field("b", "1")]),
            // Bytes that are not UTF-8 are replaced; an incomplete character is replaced as a whole.
            ("a=%FF", [Field("a", "\u{fffd}", mended: true)]), ("%C3=x", [Field("\u{fffd}", "x", mended: true)]),
            ("a=x%F0%9F%98y", [Field("a", "x\u{fffd}y", mended: true)]),
            ("a=%C0%AF", [Field("a", "\u{fffd}\u{fffd}", mended: true)]),
            ("a=%ED%A0%80", [Field("a", "\u{fffd}\u{fffd}\u{fffd}", mended: true)]),
            // A replacement character that was sent is an ordinary character.
            ("a=%EF%BF%BD", [Field("a", "\u{fffd}")]),
        ] as [(String, [Field])]
    )
    func urlEncoded(text: String, fields: [Field]) {
        #expect(Self.fields(Array(text.utf8)) == fields)
    }

    @Test("raw bytes that are not UTF-8 are replaced too")
    func raw() {
        #expect(Self.fields([0x61, 0x3d, 0xff]) == [Field("a", "\u{fffd}", mended: true)])
        #expect(Self.fields(Array("ä=ö".utf8)) == [Field("ä", "ö")])
    }

    @Test("the maximum number of fields is accepted, one more is refused")
    func limit() throws {
        let text = (0..<1000).map { "f\($0)=\($0)" }.joined(separator: "&")
        #expect(Self.fields(Array(text.utf8)) == (0..<1000).map { Field("f\($0)", "\($0)") })
        #expect(Self.fields(Array("\(text)&x".utf8)) == nil)
        // Empty parts are not fields.
        let empty = String(repeating: "&", count: 5000)
        #expect(Self.fields(Array("\(empty)a=1\(empty)".utf8), most: 1) == [Field("a", "1")])
        #expect(Self.fields([], most: 0) == [])
        #expect(Self.fields([0x61], most: 0) == nil)
    }

    @Test(
        "a media type is recognized regardless of its parameters (RFC 9110 §8.3.1)",
        arguments: [
            ("multipart/form-data", true), ("Multipart/FORM-data", true), (" multipart/form-data\t; a=b", true),
            ("multipart/form-data;", true), ("multipart/form-datax", false), ("multipart/form", false),
            ("multipart / form-data", false), ("x; multipart/form-data", false), ("", false), (";", false),
        ] as [(String, Bool)]
    )
    func mediaType(text: String, isIt: Bool) {
        #expect(MediaType.is(.lasting(text), "multipart/form-data") == isIt)
    }

    @Test(
        "JSON is recognized by its name or its suffix (RFC 6839 §3.1)",
        arguments: [
            ("application/json", true), ("Application/JSON; charset=utf-8", true), ("application/problem+json", true),
            ("application/vnd.x+JSON ; v=1", true), ("application/jsonp", false), ("text/json", false),
            ("text/plain; a=application/json", false), ("+json", false), ("json", false), ("", false),
        ] as [(String, Bool)]
    )
    func json(text: String, isJSON: Bool) {
        #expect(MediaType.isJSON(.lasting(text)) == isJSON)
    }

    @Test(
        "a parameter is a token or a quoted string (RFC 9110 §5.6.6)",
        arguments: [
            ("x/y; a=1", "1"), ("x/y;a=1", "1"), ("x/y;\t a=1 ", "1"), ("x/y; A=Bc", "Bc"), ("x/y; b=2; a=1", "1"),
            ("x/y; a=", ""), (#"x/y; a="""#, ""), (#"x/y; a="b c;d""#, "b c;d"), (#"x/y; b="; a=2"; a=1"#, "1"),
            ("x/y;;; a=1", "1"), ("x/y; a=--=_b/c", "--=_b/c"),
            // A backslash is an ordinary byte, except before a quote or a backslash.
            (#"x/y; a="b\"c""#, #"b"c"#), (#"x/y; a="b\\c""#, #"b\c"#), (#"x/y; a="C:\x""#, #"C:\x"#),
            // There is no such parameter, or it has no end.
            ("x/y", nil), ("", nil), ("a=1", nil), ("x/y; a", nil), ("x/y; aa=1", nil), ("x/y; a*=1", nil),
            (#"x/y; a="b"#, nil), (#"x/y; a="b\"#, nil), (#"x/y; a="b\""#, nil), (#"x/y; b="c; a=1"#, nil),
            // Parsers would not agree on these.
            ("x/y; a; a=1", nil), (#"x/y; a="1"; b"#, nil), ("x/y; a=1; A=2", nil), (#"x/y; a="1"2"#, nil),
            ("x/y; " + (1..<16).map { "b\($0)=" }.joined(separator: ";") + "; a=1", "1"),
            ("x/y; " + (1..<17).map { "b\($0)=" }.joined(separator: ";") + "; a=1", nil),
            ("x/y; a = 1", nil), ("x/y; a=1 2", nil), (#"x/y; a=1"2""#, nil), ("x/y; =1; a=1", nil),
        ] as [(String, String?)]
    )
    func parameter(text: String, value: String?) {
        #expect(MediaType.parameter("a", of: .lasting(text)) == value.map { Array($0.utf8) })
    }

    /// The cookies as pairs of name and value.
    private static func cookies(_ values: [String], of name: String = "cookie", most: Int = 1000) -> [[String]]? {
        let fields = values.map { HeaderField(name: .lasting(name), value: .lasting($0)) }
        return fields.withUnsafeBufferPointer { fields -> [[String]]? in
            CookieFields.read(fields, most: most)?.map { [$0.name.text, $0.value.text] }
        }
    }

    @Test(
        "cookies are read from all cookie headers (RFC 6265 §4.2.1)",
        arguments: [
            ([], []), ([""], []), (["a=1"], [["a", "1"]]), (["a=1; b=2"], [["a", "1"], ["b", "2"]]),
            (["a=1;b=2;"], [["a", "1"], ["b", "2"]]), (["a=1", "b=2"], [["a", "1"], ["b", "2"]]),
            (["a=1; a=2"], [["a", "1"], ["a", "2"]]), ([" a = 1 \t; b"], [["a", "1"]]),
            (["a=b=c"], [["a", "b=c"]]), (["a="], [["a", ""]]), (["=1; ; ;a=1"], [["a", "1"]]),
            ([#"a="1""#], [["a", "1"]]), ([#"a="""#], [["a", ""]]), ([#"a=""#], [["a", #"""#]]),
            ([#"a="1"#], [["a", #""1"#]]), (["a=%20+"], [["a", "%20+"]]),
        ] as [([String], [[String]])]
    )
    func cookies(values: [String], found: [[String]]) {
        #expect(Self.cookies(values) == found)
    }

    @Test("the maximum number of cookies is accepted, one more is refused; other headers have none")
    func cookieLimits() {
        #expect(Self.cookies(["a=1; b=2", "c=3"], most: 3)?.count == 3)
        #expect(Self.cookies(["a=1; b=2", "c=3"], most: 2) == nil)
        #expect(Self.cookies(["a=1; x; y"], most: 1) == [["a", "1"]])
        #expect(Self.cookies(["a=1"], of: "set-cookie") == [])
    }
}
