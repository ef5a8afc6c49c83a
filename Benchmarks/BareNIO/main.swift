import Glibc
import NIOCore
import NIOPosix

// Measures SwiftNIO alone: answers each empty line with 13 bytes, and parses nothing else. One thread.
//
//     BareNIO PORT

final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let response = ByteBuffer(
        string: "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\nHello, World!")

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let (heads, ends) = self.unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            var heads = 0
            var ends = false
            var at = 3
            // An empty line ends a request header. The load generator never splits one.
            while at < bytes.count {
                if bytes[at] == UInt8(ascii: "\n"), bytes[at - 2] == UInt8(ascii: "\n") { heads += 1 }
                if at > 5, memcmp(bytes.baseAddress! + at - 6, "close\r\n", 7) == 0 { ends = true }
                at += 1
            }
            return (heads, ends)
        }
        for _ in 0..<heads { context.write(self.wrapOutboundOut(Self.response), promise: nil) }
        guard ends else { return }
        context.flush()
        context.close(promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}

guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
    print("usage: BareNIO PORT")
    exit(2)
}
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let channel = try await ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answer()) }
    }
    .bind(host: "127.0.0.1", port: port).get()
try await channel.closeFuture.get()
