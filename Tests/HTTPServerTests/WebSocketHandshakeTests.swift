import Testing

@testable import HTTPServer

/// Tests of the opening handshake (RFC 6455 §4), and of the negotiation of extensions (RFC 7692 §7.1).
@Suite("WebSocket handshakes")
struct WebSocketHandshakeTests {
    private static let good = [
        "host: x", "upgrade: websocket", "connection: keep-alive, Upgrade", "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    private func head(_ lines: [String], line: String = "GET / HTTP/1.1") throws -> RequestHead {
        let head = RequestHead()
        var parser = HTTP1Parser(limits: HTTP1Limits())
        let text = ([line] + lines + ["", ""]).joined(separator: "\r\n")
        let outcome = Array(text.utf8).withUnsafeBytes { parser.parse($0, into: head) }
        guard case .complete = outcome else { throw Refusal.badRequest("the test's head is not whole") }
        return head
    }

    /// Returns the status of the refusal; nil if the handshake is valid.
    private func refusal(_ lines: [String]) throws -> Int? {
        let head = try self.head(lines)
        #expect(head.asksForWebSocket)
        do throws(Refusal) {
            _ = try WebSocketHandshake(head, deflates: true)
            return nil
        } catch { return error.status }
    }

    @Test("the example of RFC 6455 §1.3 is accepted")
    func example() throws {
        let head = try self.head(
            Self.good + ["sec-websocket-protocol: chat, superchat", "sec-websocket-protocol: third"])
        let handshake = try WebSocketHandshake(head, deflates: true)
        #expect(handshake.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(handshake.subprotocols.map(\.text) == ["chat", "superchat", "third"])
        #expect(handshake.deflate == nil)
    }

    @Test("only a GET of HTTP/1.1 with connection and upgrade fields asks for a WebSocket")
    func asks() throws {
        #expect(try self.head(Self.good).asksForWebSocket)
        #expect(
            try self.head(Self.good.map { $0 == "upgrade: websocket" ? "upgrade: h2c, WebSocket" : $0 })
                .asksForWebSocket)
        #expect(try !self.head(Self.good, line: "POST / HTTP/1.1").asksForWebSocket)
        #expect(try !self.head(Self.good, line: "GET / HTTP/1.0").asksForWebSocket)
        #expect(try !self.head(["host: x", "upgrade: websocket"]).asksForWebSocket)
        #expect(try !self.head(["host: x", "connection: upgrade"]).asksForWebSocket)
        #expect(try !self.head(["host: x", "connection: upgrade", "upgrade: h2c"]).asksForWebSocket)
        // `reset` clears the result of the previous request.
        let head = try self.head(Self.good)
        head.reset()
        #expect(!head.asksForWebSocket)
    }

    @Test("an invalid handshake gets 400, an unsupported version 426")
    func refused() throws {
        func with(_ name: String, _ value: String?) -> [String] {
            Self.good.filter { !$0.hasPrefix(name) } + (value.map { ["\(name): \($0)"] } ?? [])
        }
        #expect(try self.refusal(with("sec-websocket-version", "8")) == 426)
        #expect(try self.refusal(with("sec-websocket-version", nil)) == 426)
        #expect(try self.refusal(with("sec-websocket-key", nil)) == 400)
        #expect(try self.refusal(with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ")) == 400)
        #expect(try self.refusal(with("sec-websocket-key", "dGhlIHNhbXBsZSBub25j*Q==")) == 400)
        #expect(try self.refusal(Self.good + ["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="]) == 400)
        #expect(try self.refusal(Self.good + ["content-length: 1"]) == 400)
        #expect(try self.refusal(Self.good + ["sec-websocket-protocol: a b"]) == 400)
        #expect(try self.refusal(Self.good + ["sec-websocket-version: 13"]) == 400)
        #expect(try self.refusal(Self.good + ["sec-websocket-version: 8"]) == 400)
        for offer in ["a, b, a", "a,a", "a(", "a;b", "", ","] {
            #expect(try self.refusal(Self.good + ["sec-websocket-protocol: \(offer)"]) == 400, "\(offer)")
        }
        #expect(try self.refusal(Self.good + ["sec-websocket-protocol: a, b", "sec-websocket-protocol: c, b"]) == 400)
        // Subprotocols are case-sensitive.
        #expect(try self.refusal(Self.good + ["sec-websocket-protocol: a, A, b,, ab"]) == nil)
    }

    @Test(
        "malformed extensions fail the handshake, even if compression is off (RFC 6455 §9.1)",
        arguments: [
            ";;;", "", ",", "permessage-deflate; =", "permessage-deflate; server_max_window_bits=\"9",
            "permessage-deflate permessage-deflate", "permessage-deflate, x; y=", "x; y=\" 9\"", "x; y=\"\"",
            "x; y=\"a b\"",
            "x; y=\"a\"b", "x=y", "x; y=z=",
        ])
    func malformedExtensions(offer: String) throws {
        for lines in [[offer], ["permessage-deflate", offer], [offer, "permessage-deflate"]] {
            let fields = Self.good + lines.map { "sec-websocket-extensions: \($0)" }
            #expect(try self.refusal(fields) == 400)
            let head = try self.head(fields)
            #expect(throws: Refusal.self) { try WebSocketHandshake(head, deflates: false) }
        }
    }

    @Test(
        "the first acceptable offer of compression is used",
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=12"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate;server_max_window_bits=\"9\"", "permessage-deflate; server_max_window_bits=9"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=12"),
            (
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            ),
            // zlib does not support the first offer, the second is unknown, the third is accepted.
            ("permessage-deflate; server_max_window_bits=8, permessage-x, permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; server_max_window_bits", nil), ("permessage-deflate; server_max_window_bits=08", nil),
            ("permessage-deflate; server_max_window_bits=16", nil),
            ("permessage-deflate; client_max_window_bits=7", nil),
            ("permessage-deflate; server_no_context_takeover=1", nil), ("permessage-deflate; what=1", nil),
            ("permessage-deflate; client_max_window_bits; client_max_window_bits=10", nil),
            ("x-webkit-deflate-frame", nil), ("permessage-deflate; server_max_window_bits=\"\\9\"", nil),
            ("x; y=\"\\a\", permessage-deflate", "permessage-deflate"),
        ] as [(String, String?)])
    func deflate(offer: String, answer: String?) throws {
        let head = try self.head(Self.good + ["sec-websocket-extensions: \(offer)"])
        #expect(try WebSocketHandshake(head, deflates: true).deflate?.answer == answer)
        #expect(try WebSocketHandshake(head, deflates: false).deflate == nil)
    }
}
