import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// RFC 9113 §10.5: a client that asks for much work ends its connection, and gets ENHANCE_YOUR_CALM.
@Suite("HTTP/2 limits (RFC 9113 §10)")
struct HTTP2LimitTests {
    private static let calm: UInt32 = 11

    /// Sends frames until the connection is closed. Returns the error of the GOAWAY; nil if it stays open.
    private func attack(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }, times: Int = 200,
        _ frames: (UInt32) -> [HTTP2Frame]
    ) throws -> UInt32? {
        let peer = try HTTP2Peer(configure: configure)
        for number in 0..<times where peer.isOpen {
            try peer.send(frames(UInt32(number)).flatMap(\.bytes))
        }
        let goAway = try peer.read().last { $0.is(.goAway) }
        #expect(peer.isOpen == (goAway == nil))
        return goAway?.error
    }

    @Test("resets of the client (CVE-2023-44487)")
    func rapidReset() throws {
        func error(_ burst: Int) throws -> UInt32? {
            try self.attack({ $0.http2.resets.burst = burst }) {
                [HTTP2Peer.request($0 * 2 + 1), HTTP2Frame(.reset, stream: $0 * 2 + 1, HTTP2Frame.number(8))]
            }
        }
        #expect(try error(100) == Self.calm)
        #expect(try error(1000) == nil)
    }

    @Test("resets that the client causes: a window that overflows, and malformed requests (CVE-2025-8671)")
    func madeYouReset() throws {
        let overflow = try self.attack({ $0.http2.resets.burst = 50 }) {
            let stream = $0 * 2 + 1
            return [
                HTTP2Peer.request(stream, HTTP2Peer.fields("/hold")),
                HTTP2Frame(.windowUpdate, stream: stream, HTTP2Frame.number(0x7fff_ffff)),
            ]
        }
        #expect(overflow == Self.calm)
        let malformed = try self.attack({ $0.http2.resets.burst = 50 }) {
            [HTTP2Peer.request($0 * 2 + 1, HTTP2Peer.fields("/", [("te", "gzip")]))]
        }
        #expect(malformed == Self.calm)
    }

    @Test("frames for streams that have ended")
    func ended() throws {
        let error = try self.attack({ $0.http2.glitches.burst = 50 }) { number in
            number == 0 ? [HTTP2Peer.request(1)] : [HTTP2Frame(.data, stream: 1, [1])]
        }
        #expect(error == Self.calm)
    }

    @Test(
        "frames without an effect",
        arguments: [
            HTTP2Frame(.ping, [UInt8](repeating: 0, count: 8)), HTTP2Frame(.settings), HTTP2Frame(77, [1]),
            HTTP2Frame(.priority, stream: 3, [0, 0, 0, 0, 1]), HTTP2Frame(.data, stream: 1),
            HTTP2Frame(.windowUpdate, HTTP2Frame.number(1)), HTTP2Frame(.windowUpdate, stream: 1, HTTP2Frame.number(1)),
        ])
    func idle(_ frame: HTTP2Frame) throws {
        func error(_ burst: Int) throws -> UInt32? {
            try self.attack({ $0.http2.idleFrames.burst = burst }) { number in
                number == 0 ? [HTTP2Peer.request(1, HTTP2Peer.fields("/hold"), ends: false)] : [frame]
            }
        }
        #expect(try error(100) == Self.calm, "\(frame)")
        #expect(try error(10_000) == nil, "\(frame)")
    }

    @Test("the budget grows again with time")
    func refill() throws {
        let peer = try HTTP2Peer {
            $0.http2.idleFrames = HTTP2Limits.Rate(burst: 100, seconds: 10)
            $0.keepAliveTime = 1000
        }
        let ping = HTTP2Frame(.ping, [UInt8](repeating: 0, count: 8)).bytes
        for _ in 0..<10 {
            try peer.send(Array(repeatElement(ping, count: 90).joined()))
            _ = try peer.read()
            peer.eventLoop.advanceTime(by: .seconds(10))
        }
        #expect(peer.isOpen)
    }

    @Test("CONTINUATION frames without an end (CVE-2024-28182)")
    func continuations() throws {
        let error = try self.attack(times: 20) { number in
            number == 0
                ? [HTTP2Frame(.headers, stream: 1, HTTP2Block.encode([(":method", "GET")]))]
                : [HTTP2Frame(.continuation, stream: 1, HTTP2Block.encode([("x-\(number)", "a")]))]
        }
        #expect(error == Self.calm)
    }

    @Test("a header far beyond its limits, by references of one byte (CVE-2026-49975)")
    func references() throws {
        let peer = try HTTP2Peer()
        // A field that is indexed (RFC 7541 §6.2.1), then references to it (§6.1).
        let block = [0x40] + [7] + Array("x-bombs".utf8) + [100] + [UInt8](repeating: 0x78, count: 100)
        try peer.send(
            HTTP2Frame(
                .headers, flags: 5, stream: 1,
                HTTP2Block.encode(HTTP2Peer.fields()) + block + [UInt8](repeating: 0xbe, count: 16_000)))
        #expect(try peer.read().last { $0.is(.goAway) }?.error == Self.calm)
        #expect(!peer.isOpen)
    }

    @Test("parts of a cookie are counted before they are joined")
    func crumbs() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Peer.request(1, HTTP2Peer.fields("/", (0..<140).map { ("cookie", "a\($0)") })))
        #expect(try peer.response(1).fields[":status"] == "431")
    }

    @Test("above the limit of pending output further requests wait, so that each can answer")
    func output() throws {
        let peer = try HTTP2Peer { $0.http2.output = 3000 }
        try peer.send(HTTP2Frame(.settings, [0, 4] + HTTP2Frame.number(0)))
        let body = [UInt8](repeating: 1, count: 1200)
        var outcomes: [String] = []
        func send(on exchange: any Exchange) {
            body.withUnsafeBytes { outcomes.append("\(exchange.send(ResponseBody(Octets($0)), more: true))") }
        }
        for stream in stride(from: UInt32(1), to: 7, by: 2) {
            try peer.send(HTTP2Peer.request(stream, HTTP2Peer.fields("/hold")))
            let exchange = try #require(peer.applications.held.last)
            peer.turn {
                _ = exchange.start(status: 200, fields: HeaderFields(start: nil, count: 0), trailers: false)
                send(on: exchange)
            }
        }
        peer.turn { send(on: peer.applications.held[0]) }
        #expect(outcomes == ["done", "done", "done", "full"])
        try peer.send(HTTP2Peer.request(7, HTTP2Peer.fields("/hold")))
        #expect(peer.applications.held.count == 3)
        try peer.send(HTTP2Frame(.windowUpdate, stream: 1, HTTP2Frame.number(1200)))
        #expect(peer.applications.held.count == 4)
    }

    @Test("a client that reads nothing does not have the server make more output, however large its windows")
    func unread() throws {
        let peer = try HTTP2Peer()
        let window = HTTP2Frame.number(0x7fff_0000)
        try peer.send(HTTP2Frame(.settings, [0, 4] + window), HTTP2Frame(.windowUpdate, window))
        _ = try peer.read()
        peer.channel.isWritable = false
        peer.channel.pipeline.fireChannelWritabilityChanged()
        for stream in stride(from: UInt32(1), to: 9, by: 2) {
            try peer.send(HTTP2Peer.request(stream, HTTP2Peer.fields("/size/1000000")))
        }
        #expect(try peer.read().isEmpty)
        peer.channel.isWritable = true
        peer.channel.pipeline.fireChannelWritabilityChanged()
        var writes: [Int] = []
        peer.eventLoop.run()
        while let part = try peer.channel.readOutbound(as: ByteBuffer.self) { writes.append(part.readableBytes) }
        #expect(writes.reduce(0, +) > 4_000_000)
        // A write, and one frame beyond it.
        #expect(writes.max() ?? 0 <= 256 * 1024 + 16 * 1024 + 9)
    }

    @Test("a client that opens its window by drips is reset", arguments: [(1, true), (500, false)])
    func drips(bytes: Int, isCut: Bool) throws {
        let peer = try HTTP2Peer { $0.writeTime = 10 }
        try peer.send(
            HTTP2Frame(.settings, [0, 4] + HTTP2Frame.number(0)), HTTP2Peer.request(1, HTTP2Peer.fields("/size/100000"))
        )
        var frames: [HTTP2Frame] = []
        for _ in 0..<30 {
            try peer.send(HTTP2Frame(.windowUpdate, stream: 1, HTTP2Frame.number(UInt32(bytes))))
            peer.eventLoop.advanceTime(by: .seconds(1))
            frames += try peer.read()
        }
        #expect(frames.contains { $0.is(.reset) } == isCut)
    }

    @Test("a header that does not end is refused after its timeout")
    func headerTimeout() throws {
        let peer = try HTTP2Peer { $0.headTime = 3 }
        try peer.send(HTTP2Frame(.headers, stream: 1, HTTP2Block.encode([(":method", "GET")])))
        peer.eventLoop.advanceTime(by: .seconds(6))
        #expect(!peer.isOpen)
        // A malformed one has ended.
        let other = try HTTP2Peer { $0.headTime = 3 }
        try other.send(HTTP2Peer.request(1, HTTP2Peer.fields("/", [("te", "gzip")])))
        other.eventLoop.advanceTime(by: .seconds(6))
        #expect(other.isOpen)
    }
}
