import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// When the output of the connections of a loop is written.
@Suite("Batches of output")
struct FlushBatchTests {
    /// Answers with a body of the size in the path.
    private final class Bodies: RequestHandler {
        func handle(_ exchange: any Exchange) { exchange.answer(size: Int(exchange.head.path.text.dropFirst()) ?? 0) }

        func release(_ body: ResponseBody) {}
        func trimMemory() {}
    }

    private let eventLoop = EmbeddedEventLoop()
    private let loop: ServerLoop

    init() {
        self.loop = ServerLoop(
            eventLoop: self.eventLoop, configuration: ServerConfiguration(), count: ConnectionCount(),
            messages: MessageMemory(most: 1 << 20), handler: Bodies(), log: nil)
    }

    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: self.eventLoop)
        let peer = Peer(of: channel, listening: .tcp(host: "127.0.0.1", port: 80))
        try channel.pipeline.syncOperations.addHandler(HTTP1Connection(ConnectionStart(loop: self.loop, peer: peer)))
        return channel
    }

    private func ask(_ channel: EmbeddedChannel, size: Int, times: Int = 1) throws {
        let request = "GET /\(size) HTTP/1.1\r\nhost: x\r\n\r\n"
        try channel.writeInbound(ByteBuffer(string: String(repeating: request, count: times)))
    }

    /// The bytes that were written, in as many writes as there are elements.
    private func written(_ channel: EmbeddedChannel) throws -> [String] {
        var writes: [String] = []
        while let write = try channel.readOutbound(as: ByteBuffer.self) { writes.append(String(buffer: write)) }
        return writes
    }

    @Test("a connection that is alone is answered at once")
    func alone() throws {
        let one = try self.connection()
        try self.ask(one, size: 5)
        let written = try self.written(one)
        #expect(written.count == 1 && written[0].hasSuffix("\r\n\r\nxxxxx"))
        _ = try one.finish()
    }

    @Test("several connections are answered after the events of the poll, each in one write")
    func several() throws {
        let (one, two) = (try self.connection(), try self.connection())
        try self.ask(one, size: 1)
        try self.ask(two, size: 2)
        // The output of one connection is in two places of the buffer.
        try self.ask(one, size: 3)
        try self.ask(two, size: 4, times: 3)
        #expect(try self.written(one).isEmpty && self.written(two).isEmpty)
        self.eventLoop.run()
        #expect(try self.written(one).joined().split(separator: "\r\n\r\n").map(String.init).last == "xxx")
        let last = try self.written(two).joined()
        #expect(last.split(separator: "HTTP/1.1 ").count == 4)
        #expect(last.hasSuffix("xxxx"))
        // The next poll is the next batch.
        try self.ask(one, size: 5)
        #expect(try self.written(one).isEmpty)
        self.eventLoop.run()
        #expect(try self.written(one).count == 1)
        _ = try one.finish()
        _ = try two.finish()
    }

    @Test("a batch that is large is written at once, whatever else is to be handled")
    func large() throws {
        let (one, two) = (try self.connection(), try self.connection())
        for _ in 0..<4 { try self.ask(one, size: 15 * 1024) }
        #expect(try self.written(one).isEmpty)
        try self.ask(two, size: 5 * 1024)
        #expect(try !self.written(one).isEmpty && !self.written(two).isEmpty)
        self.eventLoop.run()
        #expect(try self.written(one).isEmpty && self.written(two).isEmpty)
        _ = try one.finish()
        _ = try two.finish()
    }

    @Test("a connection that ends before its batch is written leaves the output of others unchanged")
    func closed() throws {
        let (one, two, three) = (try self.connection(), try self.connection(), try self.connection())
        try self.ask(one, size: 1)
        try self.ask(two, size: 2)
        try self.ask(three, size: 3)
        two.pipeline.fireChannelInactive()
        self.eventLoop.run()
        #expect(try self.written(one).joined().hasSuffix("\r\n\r\nx"))
        #expect(try self.written(three).joined().hasSuffix("\r\n\r\nxxx"))
        _ = try one.finish()
        _ = try three.finish()
    }

    @Test("a batch that is old is due when the next turn ends; the scheduled task makes the next one due")
    func old() {
        var batch = FlushBatch()
        let begin = NIODeadline.uptimeNanoseconds(1_000_000)
        batch.check(now: begin)
        #expect(batch.wait(size: 0, isAlone: false, now: begin) == .end)
        batch.add(Connection())
        #expect(batch.wait(size: 1, isAlone: false, now: begin) == .schedule)
        #expect(batch.wait(size: 1, isAlone: false, now: begin) == .end)
        batch.check(now: begin + FlushBatch.maxAge)
        #expect(!batch.isDue)
        batch.check(now: begin + FlushBatch.maxAge + .nanoseconds(1))
        #expect(batch.isDue)
        let output = SharedOutput()
        #expect(batch.removeNext(from: output) != nil)
        #expect(batch.removeNext(from: output) == nil && batch.removeLast() == nil)
        batch.add(Connection())
        #expect(batch.wait(size: 1, isAlone: false, now: begin) == .end)
        batch.makeDue()
        #expect(batch.isDue)
    }

    private final class Connection: ServerConnection {
        var isCounted: Bool { true }
        var serves: Bool { true }
        func flush() {}
        func proceed() {}
        func checkDeadlines() {}
        func trim() {}
        func stop() {}
        func closeIfIdle() {}
        func giveUp() {}
        func abort() {}
    }
}
