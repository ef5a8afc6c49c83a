import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// RFC 8441: WebSockets on streams.
@Suite("WebSockets over HTTP/2 (RFC 8441)")
struct HTTP2WebSocketTests {
    private static let handshake = HTTP2Peer.request(
        1,
        [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/hold"),
            (":authority", "x"), ("sec-websocket-version", "13"),
        ], ends: false)

    @Test("a connection that is closed while a WebSocket waits for the client's close frame is freed")
    func lost() throws {
        let peer = try HTTP2Peer()
        weak var connection = try peer.channel.pipeline.syncOperations.handler(type: HTTP2Connection.self)
        try peer.send(Self.handshake)
        do {
            let exchange = try #require(peer.applications.held.first)
            let socket = try #require(exchange.webSocket)
            peer.turn { _ = socket.accept(subprotocol: .empty, fields: HeaderFields(start: nil, count: 0)) }
            #expect(try peer.response(1).fields[":status"] == "200")
            // The application has ended: the server sends a close frame.
            peer.finish(exchange)
        }
        #expect(try peer.read().contains { $0.is(.data) && $0.payload.first == 0x88 })
        #expect(connection != nil)
        try peer.channel.close().wait()
        peer.applications.owners = []
        peer.turn {}
        #expect(connection == nil)
    }
}
