import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// Tests of how far a connection reads ahead of its handler.
@Suite("Read-ahead window")
struct ReadAheadTests {
    /// A handler that never receives or answers.
    private final class Idle: RequestHandler {
        func handle(_ exchange: any Exchange) {}

        func release(_ body: ResponseBody) {}
        func trimMemory() {}
    }

    /// Counts the reads that the connection requests from the socket.
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var count = 0

        func read(context: ChannelHandlerContext) { self.count += 1 }
    }

    @Test("a body that the handler does not receive is read up to the window", arguments: [4096, 16384])
    func window(size: Int) throws {
        let eventLoop = EmbeddedEventLoop()
        var configuration = ServerConfiguration()
        configuration.readWindow = size
        let loop = ServerLoop(
            eventLoop: eventLoop, configuration: configuration, count: ConnectionCount(),
            messages: MessageMemory(most: 1 << 20), handler: Idle(), log: nil
        )
        let channel = EmbeddedChannel(loop: eventLoop)
        let reads = Reads()
        let peer = Peer(of: channel, listening: .tcp(host: "127.0.0.1", port: 80))
        try channel.pipeline.syncOperations.addHandlers([
            reads, HTTP1Connection(ConnectionStart(loop: loop, peer: peer)),
        ])
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
        try channel.writeInbound(ByteBuffer(string: head))
        var read = 0
        while true {
            let before = reads.count
            channel.read()
            guard reads.count > before else { break }
            try channel.writeInbound(ByteBuffer(repeating: 1, count: 1024))
            read += 1024
            try #require(read < 1_000_000)
        }
        #expect(read == size)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
