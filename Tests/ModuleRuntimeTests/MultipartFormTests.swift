import HTTPServer
import TestSupport
import Testing

@testable import ModuleRuntime

private let disposition = #"Content-Disposition: form-data; name="a""#

/// Forms as browsers send them (RFC 7578), and malformed ones.
@Suite("Multipart forms")
struct MultipartFormTests {
    private static let boundary = Array("b".utf8)

    private static func read(_ form: String, most: Int = 1000) -> Result<[FormPart], FormFault> {
        FormPart.read(Array(form.utf8), boundary: Self.boundary, most: most)
    }

    /// Reads a form of one part.
    private static func read(head: String, body: String = "x") -> Result<[FormPart], FormFault> {
        Self.read("--b\r\n\(head)\r\n\r\n\(body)\r\n--b--\r\n")
    }

    private static func isRefused(_ result: Result<[FormPart], FormFault>) -> Bool { (try? result.get()) == nil }

    @Test(
        "a boundary has 1 to 70 characters and belongs to multipart/form-data (RFC 2046 §5.1.1)",
        arguments: [
            ("multipart/form-data; boundary=b", "b"), (#"Multipart/Form-Data; charset=x; Boundary="a b""#, "a b"),
            ("multipart/form-data; boundary=" + String(repeating: "b", count: 70), String(repeating: "b", count: 70)),
            ("multipart/form-data; boundary=" + String(repeating: "b", count: 71), nil),
            // A quoted string of RFC 9110, where a backslash escapes.
            (#"multipart/form-data; boundary="a\b\"c""#, #"a\b"c"#), (#"multipart/form-data; boundary="a\"#, nil),
            (#"multipart/form-data; boundary="a%22""#, "a%22"),
            ("multipart/form-data; boundary=", nil), (#"multipart/form-data; boundary="""#, nil),
            (#"multipart/form-data; boundary="b"#, nil), ("multipart/form-data", nil),
            ("multipart/mixed; boundary=b", nil), ("text/plain; boundary=b", nil), ("", nil),
        ] as [(String, String?)]
    )
    func boundaries(type: String, boundary: String?) {
        #expect(MultipartForm.boundary(of: .lasting(type)) == boundary.map { Array($0.utf8) })
    }

    @Test("fields and files are read in order")
    func whole() {
        let form =
            "nobody's\r\n--b\r\n\(disposition)\r\n\r\none\r\n--b \t\r\nX-Other: 1\r\ncontent-type:\ttext/plain; charset=x \r\n"
            + "content-disposition: FORM-DATA; filename=\"f.txt\"; NAME=a\r\n\r\ntwo\r\n\r\n--b\r\n\(disposition)\r\n\r\n\r\n"
            + "--b\r\n\(disposition)\r\n\r\n--b--\t\r\nnobody's either\r\n--b\r\n"
        let parts = [
            FormPart("a", "one"), FormPart("a", "two\r\n", filename: "f.txt", contentType: "text/plain; charset=x"),
            FormPart("a", ""), FormPart("a", ""),
        ]
        #expect(Self.read(form) == .success(parts))
        // The form may end with the last boundary, and a form may be empty.
        #expect(Self.read("--b--") == .success([]))
        #expect(Self.read("--b--\r\n") == .success([]))
    }

    @Test(
        "names of fields and files are read as browsers write them",
        arguments: [
            ("name=x", "x", nil), (#"name="é 日""#, "é 日", nil), (#"name="a;b=c, d""#, "a;b=c, d", nil),
            // A backslash is an ordinary byte, and the next quote is the end.
            (#"name="a\""#, #"a\"#, nil), (#"name="a\\b""#, #"a\\b"#, nil), (#"name="\""#, #"\"#, nil),
            (#"name="a\"; filename="x.txt""#, #"a\"#, "x.txt"), (#"filename="x\"; name="a\""#, #"a\"#, "x"),
            // Browsers use three escapes and no others.
            (#"name="a%22b""#, #"a"b"#, nil), (#"name="%0d%0A%0D%0a""#, "\r\n\r\n", nil),
            (#"name="%41%2522%00%2""#, "%41%2522%00%2", nil), (#"name="%%22%2%0a""#, "%\"%2\n", nil),
            ("name=a%22b", "a%22b", nil), (#"name=a; filename="%22é%5C%0a.txt""#, "a", "\"é%5C\n.txt"),
            // Browsers send other control characters as they are, and allow an empty name.
            ("name=\"a\u{1}\tb\u{7f}\"", "a\u{1}\tb\u{7f}", nil), (#"name="""#, "", nil), ("name=", "", nil),
            (#"filename="x.txt"; name=a"#, "a", "x.txt"), ("name=a; filename=x.txt", "a", "x.txt"),
            (#"name=a; filename="; name=b""#, "a", "; name=b"),
            // The path in a file name is removed: the client must not choose where a module writes.
            (#"name=a; filename="C:\fakepath\x.txt""#, "a", "x.txt"),
            (#"name=a; filename="../../etc/passwd""#, "a", "passwd"), (#"name=a; filename="/x/y/""#, "a", "y"),
            (#"name=a; filename="..""#, "a", ""), (#"name=a; filename="x/..""#, "a", ""),
            (#"name=a; filename="x\.""#, "a", ""), (#"name=a; filename="...""#, "a", "..."),
            (#"name=a; filename="""#, "a", ""),
            // Clients must not send `filename*`.
            ("name=a; filename*=UTF-8''x.txt", "a", nil),
        ] as [(String, String, String?)]
    )
    func names(parameters: String, name: String, filename: String?) {
        #expect(
            Self.read(head: "Content-Disposition: form-data; \(parameters)")
                == .success([FormPart(name, filename: filename)]))
    }

    @Test(
        "a boundary that is not a line of its own is text",
        arguments: [
            "x--b", "x--b--\r\n", "\n--b\r\n", "\r--b\r\n", "\r\n --b\r\n", "\r\n--bx\r\n", "\r\n--b--x\r\n",
            "\r\n--b-\r\n",
            "\r\n--b\n", "\r\n--b\0\r\n", "\r\n-b\r\n", "\r\n--B\r\n", "\0", "\r", "\n", "\r\n", "\r\n\r\n",
            "--",
        ]
    )
    func bodies(body: String) {
        #expect(Self.read(head: disposition, body: body) == .success([FormPart("a", body)]))
    }

    @Test("fields that are not UTF-8 are repaired, files are left unchanged")
    func bytes() {
        let field = FormPart.read(
            Array("--b\r\n\(disposition)\r\n\r\n".utf8) + [0xff, 0] + Array("\r\n--b--".utf8), boundary: Self.boundary)
        #expect(field == .success([FormPart("a", "\u{fffd}\0")]))
        var file = FormPart("a", filename: "x")
        file.body = [0xff, 0, 0xc3]
        #expect(
            FormPart.read(FormPart.write([file], boundary: Self.boundary), boundary: Self.boundary) == .success([file]))
    }

    @Test(
        "a malformed form is refused with the reason",
        arguments: [
            ("", "the boundary does not occur in it"), ("x", "the boundary does not occur in it"),
            ("--b", "the boundary does not occur in it"),
            ("x--b--", "the boundary does not occur in it"), ("--c--\r\n", "the boundary does not occur in it"),
            ("--b\n\(disposition)\n\nx\n--b--\n", "the boundary does not occur in it"),
            ("--b\0\r\n", "the boundary does not occur in it"),
            ("--b\r\n", "the header of a part does not end"),
            ("--b\r\n\(disposition)", "the header of a part does not end"),
            ("--b\r\n\(disposition)\r\n", "the header of a part does not end"),
            ("--b\r\n\(disposition)\n\nx\n--b--\n", "the header of a part does not end"),
            ("--b\r\n\(disposition)\r\n--b--\r\n", "the header of a part does not end"),
            ("--b\r\n\(disposition)\r\n\r\nx", "the closing boundary is missing"),
            ("--b\r\n\(disposition)\r\n\r\nx\r\n--b", "the closing boundary is missing"),
            ("--b\r\n\(disposition)\r\n\r\nx\r\n--b-", "the closing boundary is missing"),
            ("--b\r\n\(disposition)\r\n\r\nx\r\n--b--\r", "the closing boundary is missing"),
            ("--b\r\n\(disposition)\r\n\r\nx--b--\r\n", "the closing boundary is missing"),
            ("--b\r\n\(disposition)\r\n\r\nx\n--b--\n", "the closing boundary is missing"),
            ("--b\r\n\(disposition)\r\n\r\nx\r\n--b\r\n", "the header of a part does not end"),
            ("--b\r\n\r\n--b--", "a part without 'content-disposition: form-data'"),
        ] as [(String, String)]
    )
    func refused(form: String, reason: String) {
        #expect(Self.read(form) == .failure(FormFault(reason)))
    }

    @Test(
        "a part that two parsers could read differently is refused",
        arguments: [
            ("\(disposition)\r\n\(disposition)", "more than one content-disposition in a part"),
            ("\(disposition)\r\ncontent-disposition: x", "more than one content-disposition in a part"),
            ("\(disposition);\r\n filename=x", "malformed header line in a part"),
            (" \(disposition)", "malformed header line in a part"),
            ("\(disposition)\r\nx", "malformed header line in a part"),
            ("\(disposition)\r\n: x", "malformed header line in a part"),
            ("\(disposition)\r\na\0: x", "NUL or a bare CR or LF in the header of a part"),
            ("Content-Disposition : form-data; name=a", "malformed header line in a part"),
            ("Content-Type: text/plain", "a part without 'content-disposition: form-data'"),
            ("Content-Disposition: attachment; name=a", "a part without 'content-disposition: form-data'"),
            ("Content-Disposition: form-data", "a part without a name"),
            // A backslash does not escape the quote.
            (#"Content-Disposition: form-data; name="a\"b""#, "malformed content-disposition in a part"),
            (#"Content-Disposition: form-data; name="a"#, "malformed content-disposition in a part"),
            ("Content-Disposition: form-data; filename=x", "a part without a name"),
        ] as [(String, String)]
    )
    func heads(head: String, reason: String) {
        #expect(Self.read(head: head) == .failure(FormFault(reason)))
    }

    @Test("a form that another parser would read as another form is refused")
    func lenient() {
        // A file name without a closing quote.
        #expect(Self.isRefused(Self.read(head: #"\#(disposition); filename="a"#)))
        // For some parsers a line feed alone ends a header line.
        #expect(Self.isRefused(Self.read(head: "\(disposition)\nContent-Type: text/html")))
        // For parsers that use C strings a NUL ends the name.
        #expect(Self.isRefused(Self.read(head: "Content-Disposition: form-data; name=\"a\0b\"")))
        // Of two content types some parsers use the first and others the last.
        #expect(Self.isRefused(Self.read(head: "\(disposition)\r\nContent-Type: a/b\r\nContent-Type: c/d")))
        // Of two names some parsers use the first and others the last.
        #expect(Self.isRefused(Self.read(head: "\(disposition); name=\"b\"")))
        // A boundary with a colon could be read as a header field.
        let form = "--b:c\r\n\(disposition)\r\n--b:c\r\n\r\nx\r\n--b:c--"
        #expect(Self.isRefused(FormPart.read(Array(form.utf8), boundary: Array("b:c".utf8))))
    }

    @Test("the maximum number of parts is accepted, one more is refused")
    func limit() {
        let parts = (0..<3).map { FormPart("\($0)") }
        let form = FormPart.write(parts, boundary: Self.boundary)
        #expect(FormPart.read(form, boundary: Self.boundary, most: 3) == .success(parts))
        let fault = FormFault("more than 2 parts (--limit-form-fields)")
        #expect(FormPart.read(form, boundary: Self.boundary, most: 2) == .failure(fault))
        #expect(Self.read("--b--", most: 0) == .success([]))
    }

    @Test("a form that is cut anywhere is refused")
    func truncated() {
        let parts = [FormPart("a", "one\r\n--b-"), FormPart("é", "", filename: "x", contentType: "text/plain")]
        let form = FormPart.write(parts, boundary: Self.boundary)
        #expect(FormPart.read(form, boundary: Self.boundary) == .success(parts))
        let reasons: Set = [
            "the boundary does not occur in it", "the header of a part does not end", "the closing boundary is missing",
        ]
        for count in 0..<form.count {
            switch FormPart.read(Array(form[..<count]), boundary: Self.boundary) {
            // Only the line end after the last boundary is optional (RFC 2046 §5.1.1).
            case .success(let found): #expect(count == form.count - 2 && found == parts, "\(count) bytes")
            case .failure(let fault): #expect(count != form.count - 2 && reasons.contains(fault.description))
            }
        }
    }

    @Test("a form of one mebibyte of the most expensive input is read quickly", .timeLimit(.minutes(1)))
    func large() {
        let name = String(repeating: "n", count: 1 << 20)
        #expect(Self.read(head: "Content-Disposition: form-data; name=\"\(name)\"") == .success([FormPart(name)]))
        #expect(
            Self.read("--b\r\nContent-Disposition: form-data; name=\"\(name)")
                == .failure(FormFault("the header of a part does not end")))
        let fields = String(repeating: "x: y\r\n", count: 50_000)
        #expect(Self.read(head: fields + disposition) == .success([FormPart("a")]))
        let nearly = String(repeating: "\r\n--bx", count: 150_000)
        #expect(Self.read(head: disposition, body: nearly) == .success([FormPart("a", nearly)]))
        #expect(
            Self.read("--b\r\n\(disposition)\r\n\r\n\(nearly)")
                == .failure(FormFault("the closing boundary is missing")))
        let parameters = (0..<100_000).map { ";p\($0)=" }.joined()
        #expect(
            Self.read(head: disposition + parameters)
                == .failure(FormFault("malformed content-disposition in a part")))
        let dashes = Array(String(repeating: "-", count: 1 << 20).utf8)
        #expect(
            FormPart.read(dashes, boundary: Array(dashes.prefix(70)))
                == .failure(FormFault("the boundary does not occur in it")))
        #expect(
            Self.read("--b" + String(repeating: " ", count: 1 << 20))
                == .failure(FormFault("the boundary does not occur in it")))
    }

    @Test("random forms are read back as they were written")
    func property() {
        var random = SeededNumbers(state: 7)
        var inner = 0
        for _ in 0..<1000 {
            let boundary = Self.boundary(&random)
            let parts = (0..<Int.random(in: 0...5, using: &random)).map { _ in Self.part(boundary, &random) }
            inner += parts.count { $0.body.contains(Array("--".utf8) + boundary) }
            let form = FormPart.write(parts, boundary: boundary)
            #expect(
                FormPart.read(form, boundary: boundary) == .success(parts), "\(String(decoding: form, as: UTF8.self))")
        }
        // Some parts have the boundary in their text.
        #expect(inner > 20)
    }

    /// A random boundary of `bchars` (RFC 2046 §5.1.1), which must not end with a space.
    private static func boundary(_ random: inout SeededNumbers) -> [UInt8] {
        let characters = Array("019azAZ'()+_,-./:=?- ".utf8)
        var boundary: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<70, using: &random) {
            boundary.append(characters.randomElement(using: &random)!)
        }
        boundary.append(characters.dropLast().randomElement(using: &random)!)
        return boundary
    }

    private static func part(_ boundary: [UInt8], _ random: inout SeededNumbers) -> FormPart {
        let letters = ["a", "Z", "\"", ";", "=", " ", "é", "日", "%41", "'", ":", ",", "--", "\r\n", "\n", "\u{1}"]
        var part = FormPart("n" + Self.text(letters + ["\\", "/"], &random))
        let isFile = Bool.random(using: &random)
        if isFile { part.filename = Array(Self.text(letters, &random).utf8) }
        part.contentType = Array(["", "text/plain; charset=utf-8", "image/png"].randomElement(using: &random)!.utf8)
        let text = String(decoding: boundary, as: UTF8.self)
        part.body = Array(Self.text(["\r\n", "--", text, text, "\n", "\r", "x", "é", "\0", "-", " "], &random).utf8)
        if isFile, Bool.random(using: &random) { part.body.append(0xff) }
        // At the start of a line this text would be the boundary.
        let delimiter = Array("\r\n--".utf8) + boundary
        if (Array("\r\n".utf8) + part.body).contains(delimiter) { part.body = [] }
        return part
    }

    private static func text(_ pieces: [String], _ random: inout SeededNumbers) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<10, using: &random) { text += pieces.randomElement(using: &random)! }
        return text
    }
}
