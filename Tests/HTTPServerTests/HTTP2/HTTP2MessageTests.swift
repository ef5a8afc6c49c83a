import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// RFC 9113 §8: requests and responses.
@Suite("HTTP/2 messages (RFC 9113 §8)")
struct HTTP2MessageTests {
    private static var noFields: HeaderFields { HeaderFields(start: nil, count: 0) }

    private func held(_ peer: HTTP2Peer, _ fields: [(String, String)], ends: Bool = true) throws -> any Exchange {
        try peer.send(HTTP2Peer.request(1, fields, ends: ends))
        return try #require(peer.applications.held.first)
    }

    @Test("a request has its parts, a host field first, and no pseudo-header fields (§8.3)")
    func request() throws {
        let peer = try HTTP2Peer()
        let exchange = try self.held(
            peer,
            [
                (":method", "PUT"), (":scheme", "https"), (":path", "/hold?a=%20b"), (":authority", "h:1"),
                ("x-a", "1"), ("x-b", ""), ("x-a", "2"),
            ])
        let head = exchange.head
        #expect(head.version == .http2 && head.version.name.text == "2")
        #expect(head.method.text == "PUT" && head.rawPath.text == "/hold" && head.query.text == "a=%20b")
        #expect(head.authority.text == "h:1")
        // The scheme of the connection: a client could name any.
        #expect(head.scheme == .http)
        #expect(head.fields.map(\.name.text) == ["host", "x-a", "x-b", "x-a"])
        #expect(head.fields.map(\.value.text) == ["h:1", "1", "", "2"])
    }

    @Test("parts of a cookie are joined (§8.2.3)")
    func cookie() throws {
        let peer = try HTTP2Peer()
        let exchange = try self.held(
            peer, HTTP2Peer.fields("/hold", [("cookie", "a=1"), ("x-a", "b"), ("cookie", "c=2"), ("cookie", "")]))
        let cookies = exchange.head.fields.filter { $0.name.equals("cookie") }
        #expect(cookies.map(\.value.text) == ["a=1; c=2; "])
        #expect(exchange.head.fields.map(\.name.text) == ["host", "cookie", "x-a"])
    }

    @Test("a host field without :authority is the host")
    func host() throws {
        let peer = try HTTP2Peer()
        let fields = [(":method", "GET"), (":scheme", "http"), (":path", "/hold"), ("host", "y")]
        let exchange = try self.held(peer, fields)
        #expect(exchange.head.authority.text == "y")
        #expect(exchange.head.fields.map(\.name.text) == ["host"])
    }

    private static func many(_ count: Int, _ value: String) -> [(String, String)] {
        (0..<count).map { ("x-\($0)", value) }
    }

    private static let refusedRequests: [([(String, String)], String)] = [
        ([(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a"), ("host", "b")], "400"),
        ([(":method", "GET"), (":scheme", "http"), (":path", "/%"), (":authority", "a")], "400"),
        ([(":method", "GET"), (":scheme", "http"), (":path", "/%00"), (":authority", "a")], "400"),
        ([(":method", "GET"), (":scheme", "http"), (":path", "/#"), (":authority", "a")], "400"),
        ([(":method", "CONNECT"), (":authority", "a")], "501"),
        (HTTP2Peer.fields("/", [("expect", "else")]), "417"),
        (HTTP2Peer.fields("/" + String(repeating: "x", count: 17_000)), "414"),
        (HTTP2Peer.fields("/", [("x-a", String(repeating: "x", count: 17_000))]), "431"),
        (HTTP2Peer.fields("/", Self.many(130, "")), "431"),
        (HTTP2Peer.fields("/", Self.many(6, String(repeating: "x", count: 15_000))), "431"),
    ]

    @Test(
        "a request that HTTP/1 would refuse gets the same answer",
        arguments: Self.refusedRequests)
    func refused(_ fields: [(String, String)], status: String) throws {
        let peer = try HTTP2Peer()
        let block = HTTP2Block.encode(fields)
        var frames = [HTTP2Frame(.headers, flags: 1, stream: 1, Array(block.prefix(16_000)))]
        for start in stride(from: 16_000, to: block.count, by: 16_000) {
            frames.append(HTTP2Frame(.continuation, stream: 1, Array(block[start..<min(start + 16_000, block.count)])))
        }
        frames[frames.count - 1].flags |= HTTP2Frame.endHeaders
        try peer.send(frames.flatMap(\.bytes))
        #expect(try peer.response(1).fields[":status"] == status)
        try peer.send(HTTP2Peer.request(3))
        #expect(try peer.response(3).fields[":status"] == "200")
    }

    private static let malformedRequests: [[(String, String)]] = [
        [(":method", "GET"), (":scheme", "http"), (":authority", "a")],
        [(":method", "GET"), (":path", "/"), (":authority", "a")],
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a b")],
        [(":method", "GET"), (":scheme", "http"), (":path", "/a b"), (":authority", "a")],
        [(":scheme", "http"), (":path", "/"), (":authority", "a")],
        HTTP2Peer.fields("/", [("X-A", "b")]), HTTP2Peer.fields("/", [("connection", "close")]),
        HTTP2Peer.fields("/", [("transfer-encoding", "chunked")]), HTTP2Peer.fields("/", [("te", "gzip")]),
        HTTP2Peer.fields("/", [(":method", "GET")]), HTTP2Peer.fields("/", [("x", "a"), (":path", "/")]),
        HTTP2Peer.fields("/", [(":status", "200")]), HTTP2Peer.fields("/", [("x", "a\nb")]),
        HTTP2Peer.fields("", []), HTTP2Peer.fields("/", [("content-length", "5")]),
    ]

    @Test(
        "a malformed request resets its stream with PROTOCOL_ERROR; the others go on (§8.1.1)",
        arguments: Self.malformedRequests)
    func malformed(_ fields: [(String, String)]) throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Peer.request(1, fields))
        let reset = try peer.read().first { $0.is(.reset) }
        #expect(reset?.stream == 1 && reset?.error == 1, "\(fields)")
        try peer.send(HTTP2Peer.request(3))
        #expect(try peer.response(3).fields[":status"] == "200")
    }

    @Test("a body that differs from its length resets the stream (§8.1.1)")
    func length() throws {
        let peer = try HTTP2Peer()
        let fields = HTTP2Peer.fields("/hold", [("content-length", "5")])
        try peer.send(HTTP2Peer.request(1, fields, ends: false), HTTP2Frame(.data, flags: 1, stream: 1, [1, 2]))
        #expect(try peer.read().first { $0.is(.reset) }?.error == 1)
    }

    @Test("trailers arrive with the last part of the body, and are sent after the last part of a response (§8.1)")
    func trailers() throws {
        let peer = try HTTP2Peer()
        let exchange = try self.held(peer, HTTP2Peer.fields("/hold", [("te", "trailers")]), ends: false)
        #expect(exchange.head.acceptsTrailers)
        try peer.send(
            HTTP2Frame(.data, stream: 1, Array("body".utf8)),
            HTTP2Frame(.headers, flags: 5, stream: 1, HTTP2Block.encode([("x-sum", "4"), ("content-type", "a")])))
        var text = ""
        var trailers: [String] = []
        peer.turn {
            if case .part(let bytes, let more) = exchange.receive() { text = "\(bytes.text) \(more)" }
            trailers = exchange.trailers.map { "\($0.name.text)=\($0.value.text)" }
            // Header, body and trailers in one turn: they must not overtake the body.
            _ = exchange.start(status: 200, fields: Self.noFields, trailers: true)
            _ = exchange.send(ResponseBody(Octets("answer")), more: false)
            let field = HeaderField(name: Octets("X-End"), value: Octets("6"))
            withUnsafePointer(to: field) {
                _ = exchange.send(trailers: HeaderFields(start: $0, count: 1), more: false, isTaken: false)
            }
        }
        #expect(text == "body false")
        #expect(trailers == ["x-sum=4"])
        let frames = try peer.read().filter { $0.stream == 1 }
        #expect(frames.map(\.kind) == [1, 0, 1])
        #expect(!frames[1].endsStream && frames[2].endsStream)
        _ = peer.decode(frames[0])
        #expect(peer.decode(frames[2]) == ["x-end": "6"])
    }

    @Test("trailers beyond the limits, and those that change a request, are refused")
    func refusedTrailers() throws {
        for (trailers, status) in [(Self.many(140, ""), "431"), ([("authorization", "x")], "400")] {
            let peer = try HTTP2Peer()
            let exchange = try self.held(peer, HTTP2Peer.fields("/hold"), ends: false)
            try peer.send(HTTP2Frame(.headers, flags: 5, stream: 1, HTTP2Block.encode(trailers)))
            peer.turn { _ = exchange.receive() }
            #expect(try peer.response(1).fields[":status"] == status)
        }
    }

    @Test("a request whose body has arrived with its header has a body")
    func bodyAtOnce() throws {
        let peer = try HTTP2Peer()
        try peer.send(
            HTTP2Peer.request(1, HTTP2Peer.fields("/hold", [("content-length", "3")]), ends: false),
            HTTP2Frame(.data, flags: 1, stream: 1, [1, 2, 3]))
        let exchange = try #require(peer.applications.held.first)
        #expect(exchange.head.hasBody && exchange.head.contentLength == 3)
    }

    @Test("100 is sent when the application first receives, 103 for early hints (§8.1)")
    func interim() throws {
        let peer = try HTTP2Peer()
        let exchange = try self.held(peer, HTTP2Peer.fields("/hold", [("expect", "100-continue")]), ends: false)
        #expect(try !peer.read().contains { $0.is(.headers) })
        peer.turn { _ = exchange.receive() }
        let frame = try #require(try peer.read().first { $0.is(.headers) })
        #expect(peer.decode(frame) == [":status": "100"])
        peer.turn {
            withUnsafePointer(to: HeaderField(name: Octets("link"), value: Octets("</a>"))) {
                _ = exchange.hint(HeaderFields(start: $0, count: 1), isTaken: false)
            }
        }
        let hint = try #require(try peer.read().first { $0.is(.headers) })
        #expect(peer.decode(hint) == [":status": "103", "link": "</a>"] && !hint.endsStream)
    }

    @Test("a response has lower-case names, its length, and no fields of a connection (§8.2)")
    func response() throws {
        let peer = try HTTP2Peer()
        let exchange = try self.held(peer, HTTP2Peer.fields("/hold"))
        let fields = [
            HeaderField(name: Octets("X-A"), value: Octets(" b ")),
            HeaderField(name: Octets("Connection"), value: Octets("close")),
            HeaderField(name: Octets("transfer-encoding"), value: Octets("chunked")),
        ]
        peer.turn {
            fields.withUnsafeBufferPointer {
                _ = exchange.respond(status: 201, fields: $0, body: ResponseBody(Octets("abc")))
            }
        }
        let (found, body, _) = try peer.response(1)
        #expect(found == [":status": "201", "x-a": "b", "content-length": "3"])
        #expect(String(decoding: body, as: UTF8.self) == "abc")
    }

    @Test(
        "a response without content has no DATA: HEAD, 204, 304",
        arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)])
    func noContent(method: String, status: Int) throws {
        let peer = try HTTP2Peer()
        let exchange = try self.held(
            peer, [(":method", method), (":scheme", "http"), (":path", "/hold"), (":authority", "x")])
        peer.turn { _ = exchange.respond(status: status, fields: Self.noFields, body: ResponseBody(Octets("abc"))) }
        let frames = try peer.read().filter { $0.stream == 1 }
        #expect(frames.count == 1 && frames[0].endsStream)
        #expect(peer.decode(frames[0])["content-length"] == (method == "HEAD" ? "3" : nil))
    }

    @Test("a failure before the response gets 500")
    func failed() throws {
        let peer = try HTTP2Peer()
        peer.finish(try self.held(peer, HTTP2Peer.fields("/hold")), failed: true)
        #expect(try peer.response(1).fields[":status"] == "500")
    }

    @Test("the rest of a request whose exchange has ended is refused without an error (§8.1)")
    func early() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Peer.request(1, ends: false))
        let frames = try peer.read()
        #expect(frames.contains { $0.is(.data) && $0.endsStream })
        #expect(frames.first { $0.is(.reset) }?.error == 0)
    }
}
