import CASGI
import Testing

@testable import ASGI

@Suite("Headers")
struct HeadersTests {
    @Test("fields are found by name in any letter case, in order, with duplicates")
    func names() {
        var headers: Headers = ["Content-Type": "text/plain", "x": "1"]
        headers.append("X", "2")
        #expect(headers["content-type"] == "text/plain")
        #expect(headers.values("x") == ["1", "2"])
        #expect(headers["y"] == nil)
        #expect(headers.map(\.name) == ["Content-Type", "x", "X"])
        #expect(headers.bytes("X") == [UInt8(ascii: "1")])
    }

    @Test("field names are sent in lower case")
    func fields() {
        let headers: Headers = ["Content-Type": "Text/Plain", "x-empty": ""]
        let sent = headers.withFields { $0.map { "\(String($0.name)): \(String($0.value))" } }
        #expect(sent == ["content-type: Text/Plain", "x-empty: "])
        #expect(Headers().withFields { $0.count } == 0)
    }
}
