import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import HTTPServer

/// Tests that processed input is freed, even if each read ends within a frame.
@Suite("Input memory")
struct InputMemoryTests {
    /// Accepts every WebSocket, and receives all of its messages.
    private final class Taker: RequestHandler, ExchangeOwner {
        private var socket: (any WebSocket)?

        func handle(_ exchange: any Exchange) {
            exchange.owner = self
            self.socket = exchange.webSocket
            _ = self.socket?.accept(subprotocol: .empty, fields: HeaderFields(start: nil, count: 0))
            self.exchange(changed: .readable)
        }

        func exchange(changed change: ExchangeChange) {
            while let socket {
                switch socket.receive() {
                case .connect, .message: continue
                case .pending, .disconnect: return
                }
            }
        }

        func release(_ body: ResponseBody) {}
        func trimMemory() {}
    }

    @Test("the input buffer stays small over 16 MiB of frames that cross the ends of reads")
    func frames() throws {
        let eventLoop = EmbeddedEventLoop()
        let taker = Taker()
        let loop = ServerLoop(
            eventLoop: eventLoop, configuration: ServerConfiguration(), count: ConnectionCount(),
            messages: MessageMemory(most: 1 << 20), handler: taker, log: nil
        )
        let channel = EmbeddedChannel(loop: eventLoop)
        let peer = Peer(of: channel, listening: .tcp(host: "127.0.0.1", port: 80))
        let connection = HTTP1Connection(ConnectionStart(loop: loop, peer: peer))
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.writeInbound(
            ByteBuffer(
                string: """
                    GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r
                    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
                    """))
        // A control frame is processed as a whole. It takes 103 bytes, so that most reads of 1,024 end within one.
        let frame = WebSocketFrame(10, [UInt8](repeating: 1, count: 97)).bytes()
        let stream = Array([[UInt8]](repeating: frame, count: 64).joined())
        var at = 0
        var widest = 0
        var pool: [ByteBuffer] = []
        for _ in 0..<(16 << 10) {
            let buffer = ByteBuffer(bytes: (0..<1024).map { stream[(at + $0) % stream.count] })
            try channel.writeInbound(buffer)
            widest = max(widest, connection.input.capacity)
            // Retained, as by NIO's buffer pool.
            pool = pool.suffix(3) + [buffer]
            at = (at + 1024) % stream.count
        }
        #expect(connection.machine.phase == .webSocket)
        #expect(widest <= 8 << 10)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
