import NIOCore
import NIOEmbedded

@testable import HTTPServer

/// A client of an HTTP/2 connection in memory, without a socket: it writes any frames, and reads the server's.
final class HTTP2Peer {
    /// Answers by path: `/` with five bytes, `/size/N` with N bytes. The test answers `/hold` itself.
    final class Applications: RequestHandler {
        var held: [any Exchange] = []
        var owners: [Owner] = []

        func handle(_ exchange: any Exchange) {
            let path = exchange.head.path.text
            guard path != "/hold" else {
                let owner = Owner()
                exchange.owner = owner
                self.owners.append(owner)
                return self.held.append(exchange)
            }
            exchange.answer(size: path.hasPrefix("/size/") ? Int(path.dropFirst(6)) ?? 0 : 5)
        }

        func release(_ body: ResponseBody) {}
        func trimMemory() {}
    }

    final class Owner: ExchangeOwner {
        var changes: [ExchangeChange] = []
        func exchange(changed change: ExchangeChange) { self.changes.append(change) }
    }

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let eventLoop = EmbeddedEventLoop()
    let applications = Applications()
    let loop: ServerLoop
    let channel: EmbeddedChannel
    private let decoder = HTTP2BlockDecoder()

    /// Connects. `greets`: sends the preface and settings, and reads those of the server.
    init(greets: Bool = true, configure: (inout ServerConfiguration) -> Void = { _ in }) throws {
        var configuration = ServerConfiguration()
        configuration.sendsDate = false
        configuration.serverName = ""
        configure(&configuration)
        self.loop = ServerLoop(
            eventLoop: self.eventLoop, configuration: configuration, count: ConnectionCount(),
            messages: MessageMemory(most: 1 << 20), handler: self.applications, log: nil)
        self.channel = EmbeddedChannel(loop: self.eventLoop)
        let peer = Peer(client: "192.0.2.1", clientPort: 1, server: "192.0.2.2", serverPort: 80)
        try self.channel.pipeline.syncOperations.addHandler(
            HTTP1Connection(ConnectionStart(loop: self.loop, peer: peer)))
        try self.channel.connect(to: try SocketAddress(unixDomainSocketPath: "/client")).wait()
        guard greets else { return }
        try self.send(Self.preface + HTTP2Frame(.settings).bytes)
        _ = try self.read()
    }

    deinit {
        for exchange in self.applications.held { self.finish(exchange) }
        // Closing a channel that is closed already fails.
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
        self.eventLoop.run()
    }

    var isOpen: Bool { self.channel.isActive }

    func send(_ bytes: [UInt8]) throws {
        if self.channel.isActive { try self.channel.writeInbound(ByteBuffer(bytes: bytes)) }
        self.eventLoop.run()
    }

    func send(_ frames: HTTP2Frame...) throws { try self.send(frames.flatMap(\.bytes)) }

    /// The fields of a GET.
    static func fields(_ path: String = "/", _ others: [(String, String)] = []) -> [(String, String)] {
        [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "x")] + others
    }

    static func request(
        _ stream: UInt32, _ fields: [(String, String)] = HTTP2Peer.fields(), ends: Bool = true
    ) -> HTTP2Frame {
        HTTP2Frame(
            .headers, flags: HTTP2Frame.endHeaders | (ends ? HTTP2Frame.endStream : 0), stream: stream,
            HTTP2Block.encode(fields))
    }

    /// The frames that the server has sent since the last call.
    func read() throws -> [HTTP2Frame] {
        self.eventLoop.run()
        var bytes: [UInt8] = []
        while let part = try self.channel.readOutbound(as: ByteBuffer.self) { bytes += Array(part.readableBytesView) }
        return HTTP2Frame.all(in: bytes)
    }

    /// The fields of a header block of the server. Blocks have to be decoded in their order.
    func decode(_ frame: HTTP2Frame) -> [String: String] { self.decoder.decode(frame.payload) ?? [:] }

    /// Reads the response of a stream: its fields and its body.
    func response(_ stream: UInt32) throws -> (fields: [String: String], body: [UInt8], frames: [HTTP2Frame]) {
        let frames = try self.read()
        var fields: [String: String] = [:]
        for frame in frames where frame.is(.headers) {
            let decoded = self.decode(frame)
            if frame.stream == stream { fields.merge(decoded) { $1 } }
        }
        let body = frames.filter { $0.is(.data) && $0.stream == stream }.flatMap(\.payload)
        return (fields, body, frames)
    }

    /// Runs code of a handler in a turn of the loop.
    func turn(_ body: () -> Void) {
        self.loop.turn(body)
        self.eventLoop.run()
    }

    func finish(_ exchange: any Exchange, failed: Bool = false) {
        self.turn {
            _ = exchange.end(failed: failed)
            exchange.recycle()
        }
        self.applications.held.removeAll { $0 === exchange }
    }
}
