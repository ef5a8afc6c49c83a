import Testing

@testable import HTTPServer

/// Tests of the chunked transfer coding (RFC 9112 §7.1).
@Suite("Chunked bodies")
struct ChunkedDecoderTests {
    private enum Outcome: Equatable {
        case whole(String, trailers: [String] = [], rest: String)
        case incomplete
        case refused(Int)
    }

    /// Decodes bytes that arrive in pieces of `step`.
    private func decode(_ text: String, step: Int = .max) -> Outcome {
        var decoder = ChunkedDecoder()
        var shown: [UInt8] = []
        var rest = Array(text.utf8)[...]
        var body: [UInt8] = []
        var trailers: [String] = []
        repeat {
            let count = min(step, rest.count)
            shown += rest.prefix(count)
            rest = rest.dropFirst(count)
            var isStarved = false
            while !isStarved {
                switch shown.withUnsafeBytes({ decoder.next($0) }) {
                case .part(let range):
                    body += shown[range]
                    shown.removeFirst(range.upperBound)
                case .trailer(let name, let value, let consumed):
                    trailers.append(
                        "\(String(decoding: shown[name], as: UTF8.self))=\(String(decoding: shown[value], as: UTF8.self))"
                    )
                    shown.removeFirst(consumed)
                case .incomplete(let consumed):
                    shown.removeFirst(consumed)
                    isStarved = true
                case .end(let consumed):
                    let after = shown.dropFirst(consumed) + rest
                    return .whole(
                        String(decoding: body, as: UTF8.self), trailers: trailers,
                        rest: String(decoding: after, as: UTF8.self))
                case .refused(let refusal): return .refused(refusal.status)
                }
            }
        } while !rest.isEmpty
        return .incomplete
    }

    @Test("chunks, extensions and trailers are decoded in pieces of every size", arguments: [1, 2, 3, 5, 1000])
    func whole(step: Int) {
        #expect(self.decode("3\r\nabc\r\n0\r\n\r\nnext", step: step) == .whole("abc", rest: "next"))
        #expect(
            self.decode("A;x=y\r\n0123456789\r\n1 ; q=\"a\"\r\nb\r\n000\r\nt: u \r\nV:\r\n\r\n", step: step)
                == .whole("0123456789b", trailers: ["t=u", "V="], rest: ""))
        #expect(self.decode("0\r\n\r\n", step: step) == .whole("", rest: ""))
        #expect(self.decode("3\r\nab", step: step) == .incomplete)
    }

    @Test(
        "a malformed chunk or trailer gets 400",
        arguments: [
            "\r\n", "g\r\n", "-1\r\n", "0x1\r\n", "1\nab\r\n", "1\r\nabc\r\n", "1\r\na\n0\r\n\r\n", "1 2\r\na\r\n",
            "1000000000000000\r\n", "0\r\nbad\r\n\r\n", "0\r\na : b\r\n\r\n", "0\r\na: \0\r\n\r\n", "1;\0\r\na\r\n",
            "0\r\n\n", "0\r\nContent-Length: 1\r\n\r\n", "0\r\nx: 1\r\nHost: y\r\n\r\n",
            "0\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\nAUTHORIZATION: x\r\n\r\n", "0\r\ncookie: a\r\n\r\n",
            "0\r\nExpect: 100-continue\r\n\r\n", "0\r\nconnection: x\r\n\r\n", "0\r\ntrailer: x\r\n\r\n",
        ]
    )
    func malformed(text: String) {
        #expect(self.decode(text) == .refused(400))
        #expect(self.decode(text, step: 1) == .refused(400))
    }

    @Test(
        "chunk extensions have to follow the grammar (§7.1.1)",
        arguments: [
            ("1;a", true), ("1 ; a", true), ("1\t;\ta = b", true), ("1;a;b=c;d=\"e f\\\"\u{e9};\"", true),
            ("1;a=\"\"", true),
            ("01;a=b", true), ("1;", false), ("1 ", false), ("1;a ", false), ("1;a=b ", false), ("1;a=", false),
            ("1;=b", false),
            ("1;a b", false), ("1;;a", false), ("1;a=b c", false), ("1;a=\"b", false), ("1;a=\"b\\\"", false),
            ("1;a=\"b\"c", false),
            ("1;a=\u{e9}", false), ("1 a", false), ("1,a", false), ("1;a\u{b};b", false), ("1;a=\"\\\u{0}\"", false),
        ])
    func extensions(line: String, isGood: Bool) {
        for step in [1, 3, 1000] {
            let outcome = self.decode("\(line)\r\nx\r\n0\r\n\r\n", step: step)
            #expect(outcome == (isGood ? .whole("x", rest: "") : .refused(400)), "in steps of \(step)")
        }
    }

    @Test("trailers that belong in the header are discarded (RFC 9110 §6.5.1)", arguments: [1, 2, 7, 1000])
    func discarded(step: Int) {
        let trailers =
            "Content-Type: x\r\na: b\r\ncache-control: no-store\r\nif-match: y\r\nc: d\r\nSet-Cookie: e=f\r\n"
        #expect(
            self.decode("0\r\n\(trailers)\r\nnext", step: step) == .whole("", trailers: ["a=b", "c=d"], rest: "next"))
        // Discarded trailers count towards the limits, too.
        let many = String(repeating: "date: b\r\n", count: HTTP1Limits().fields + 1)
        #expect(self.decode("0\r\n\(many)\r\n", step: step) == .refused(431))
        #expect(self.decode("0\r\ndate: \0\r\n\r\n", step: step) == .refused(400))
        for name in ["Content-Type", "cache-control", "host", "content-length"] {
            #expect(!TrailerField.isAllowedAsTrailer(name.utf8), "\(name)")
        }
    }

    @Test("chunk lines and trailers above a limit are refused")
    func limits() {
        let limits = HTTP1Limits()
        #expect(self.decode("1;" + String(repeating: "x", count: limits.chunkLine)) == .refused(400))
        #expect(self.decode("0\r\na: " + String(repeating: "x", count: limits.field)) == .refused(431))
        let trailer = "a: " + String(repeating: "x", count: 1000) + "\r\n"
        #expect(self.decode("0\r\n" + String(repeating: trailer, count: 66) + "\r\n") == .refused(431))
        let many = String(repeating: "a: b\r\n", count: limits.fields + 1)
        #expect(self.decode("0\r\n\(many)\r\n") == .refused(431))
        #expect(self.decode("0\r\n\(many)\r\n", step: 1) == .refused(431))
    }
}
