import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// RFC 9113 §5 and §6: streams, flow control, and the frames that act on them.
@Suite("HTTP/2 streams (RFC 9113 §5, §6)")
struct HTTP2StreamTests {
    private static var noFields: HeaderFields { HeaderFields(start: nil, count: 0) }

    @Test("a reset of the client reaches the application, and its exchange still counts until it ends (§5.1)")
    func reset() throws {
        let peer = try HTTP2Peer { $0.http2.streams = 2 }
        try peer.send(HTTP2Peer.request(1, HTTP2Peer.fields("/hold")), HTTP2Peer.request(3, HTTP2Peer.fields("/hold")))
        try peer.send(HTTP2Frame(.reset, stream: 1, HTTP2Frame.number(8)))
        #expect(peer.applications.owners[0].changes.contains { if case .gone = $0 { true } else { false } })
        // Two exchanges are open, so that a third request is refused, and may be tried again (§8.7).
        try peer.send(HTTP2Peer.request(5))
        let refused = try peer.read().first { $0.is(.reset) }
        #expect(refused?.stream == 5 && refused?.error == 7)
        peer.finish(peer.applications.held[0])
        try peer.send(HTTP2Peer.request(7))
        #expect(try peer.response(7).fields[":status"] == "200")
    }

    @Test("a response takes no more than the windows allow (§5.2)")
    func responseWindow() throws {
        let peer = try HTTP2Peer()
        // SETTINGS_INITIAL_WINDOW_SIZE 10.
        try peer.send(
            HTTP2Frame(.settings, [0, 4] + HTTP2Frame.number(10)), HTTP2Peer.request(1, HTTP2Peer.fields("/size/25")))
        let first = try peer.read().filter { $0.is(.data) }
        #expect(first.map(\.payload.count) == [10] && !first[0].endsStream)
        try peer.send(HTTP2Frame(.windowUpdate, stream: 1, HTTP2Frame.number(7)))
        #expect(try peer.read().filter { $0.is(.data) }.map(\.payload.count) == [7])
        try peer.send(HTTP2Frame(.windowUpdate, stream: 1, HTTP2Frame.number(100)))
        let last = try peer.read().filter { $0.is(.data) }
        #expect(last.map(\.payload.count) == [8] && last[0].endsStream)
    }

    @Test("the client may send as much as was received: the window of a stream is not renewed before (§6.9)")
    func requestWindow() throws {
        let peer = try HTTP2Peer { $0.http2.streamWindow = 65_535 }
        try peer.send(HTTP2Peer.request(1, HTTP2Peer.fields("/hold"), ends: false))
        let part = [UInt8](repeating: 7, count: 16_000)
        for _ in 0..<4 { try peer.send(HTTP2Frame(.data, stream: 1, part)) }
        #expect(try !peer.read().contains { $0.is(.windowUpdate) && $0.stream == 1 })
        let exchange = try #require(peer.applications.held.first)
        var received = 0
        peer.turn { if case .part(let bytes, _) = exchange.receive() { received = bytes.size } }
        #expect(received == 64_000)
        #expect(try peer.read().first { $0.is(.windowUpdate) && $0.stream == 1 }?.number() == 64_000)
        // More than the window.
        for _ in 0..<5 { try peer.send(HTTP2Frame(.data, stream: 1, part)) }
        let error = try peer.read().first { $0.is(.reset) || $0.is(.goAway) }
        #expect(error?.error == 3)
    }

    @Test("a send waits for a slow client above the mark, and is refused above the limit")
    func backPressure() throws {
        let peer = try HTTP2Peer {
            $0.writeMark = 1000
            $0.writeLimit = 2000
        }
        try peer.send(
            HTTP2Frame(.settings, [0, 4] + HTTP2Frame.number(0)), HTTP2Peer.request(1, HTTP2Peer.fields("/hold")))
        let exchange = try #require(peer.applications.held.first)
        var outcomes: [String] = []
        let body = [UInt8](repeating: 1, count: 900)
        peer.turn {
            _ = exchange.start(status: 200, fields: Self.noFields, trailers: false)
            for _ in 0..<4 {
                body.withUnsafeBytes { outcomes.append("\(exchange.send(ResponseBody(Octets($0)), more: true))") }
            }
        }
        #expect(outcomes == ["done", "pending", "pending", "full"])
        _ = try peer.read()
        try peer.send(HTTP2Frame(.windowUpdate, stream: 1, HTTP2Frame.number(5000)))
        #expect(try peer.read().filter { $0.is(.data) }.reduce(0) { $0 + $1.payload.count } == 2700)
        #expect(peer.applications.owners[0].changes.contains { if case .writable = $0 { true } else { false } })
    }

    @Test("a response that is cut resets its stream; the others go on (§5.4.2)")
    func cut() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Peer.request(1, HTTP2Peer.fields("/hold")))
        let exchange = try #require(peer.applications.held.first)
        peer.turn {
            _ = exchange.start(status: 200, fields: Self.noFields, trailers: false)
            _ = exchange.send(ResponseBody(Octets("part")), more: true)
        }
        peer.finish(exchange, failed: true)
        let frames = try peer.read()
        #expect(frames.first { $0.is(.reset) }?.error == 2)
        #expect(!frames.contains { $0.stream == 1 && $0.endsStream })
        for frame in frames where frame.is(.headers) { _ = peer.decode(frame) }
        try peer.send(HTTP2Peer.request(3))
        #expect(try peer.response(3).fields[":status"] == "200")
    }

    private static let zeros = [UInt8](repeating: 0, count: 8)
    private static let forbiddenFrames: [(HTTP2Frame, UInt32)] = [
        (HTTP2Frame(.data, stream: 0, [1]), 1),
        (HTTP2Frame(.headers, flags: 5, stream: 2), 1),
        (HTTP2Frame(.continuation, flags: 4, stream: 1), 1),
        (HTTP2Frame(.push, flags: 4, stream: 1, [0, 0, 0, 2]), 1),
        (HTTP2Frame(.settings, [0, 2, 0, 0, 0, 2]), 1),
        (HTTP2Frame(.settings, [0, 4, 255, 255, 255, 255]), 3),
        (HTTP2Frame(.settings, [0, 5, 0, 0, 0, 0]), 1),
        (HTTP2Frame(.settings, [1]), 6),
        (HTTP2Frame(.settings, stream: 1), 1),
        (HTTP2Frame(.priority, stream: 0, [0, 0, 0, 0, 1]), 1),
        (HTTP2Frame(.ping, [1, 2]), 6),
        (HTTP2Frame(.reset, stream: 0, HTTP2Frame.number(8)), 1),
        (HTTP2Frame(.reset, stream: 9, HTTP2Frame.number(8)), 1),
        (HTTP2Frame(.windowUpdate, HTTP2Frame.number(0)), 1),
        (HTTP2Frame(.windowUpdate, HTTP2Frame.number(0x7fff_ffff)), 3),
        (HTTP2Frame(.windowUpdate, [0]), 6),
        (HTTP2Frame(.goAway, stream: 1, Self.zeros), 1),
    ]

    @Test("frames that a client must not send end the connection", arguments: Self.forbiddenFrames)
    func forbidden(_ frame: HTTP2Frame, error: UInt32) throws {
        let peer = try HTTP2Peer()
        try peer.send(frame)
        #expect(try peer.read().first { $0.is(.goAway) }?.error == error, "\(frame)")
        #expect(!peer.isOpen, "\(frame)")
    }

    @Test("a PING is answered with its bytes (§6.7)")
    func ping() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Frame(.ping, Array(1...8)))
        #expect(try peer.read() == [HTTP2Frame(.ping, flags: 1, Array(1...8))])
    }

    @Test("a shutdown is announced before it begins: requests that were sent meanwhile are answered (§6.8)")
    func shutdown() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Peer.request(1, HTTP2Peer.fields("/hold")))
        _ = peer.loop.stop(closesIdle: true)
        peer.eventLoop.run()
        let notice = try peer.read()
        #expect(notice.first { $0.is(.goAway) }?.number() == 0x7fff_ffff)
        let ping = try #require(notice.first { $0.is(.ping) })
        try peer.send(HTTP2Peer.request(3))
        #expect(try peer.response(3).fields[":status"] == "200")
        try peer.send(HTTP2Frame(.ping, flags: 1, ping.payload))
        let goAway = try peer.read().first { $0.is(.goAway) }
        #expect(goAway?.number() == 3 && goAway?.error == 0)
        #expect(peer.isOpen)
        peer.finish(peer.applications.held[0])
        peer.eventLoop.advanceTime(by: .milliseconds(500))
        #expect(!peer.isOpen)
    }

    @Test("a connection without a request is closed after the keep-alive timeout, one with a request is not")
    func keepAlive() throws {
        let peer = try HTTP2Peer { $0.keepAliveTime = 5 }
        try peer.send(HTTP2Peer.request(1, HTTP2Peer.fields("/hold")))
        peer.eventLoop.advanceTime(by: .seconds(20))
        #expect(peer.isOpen)
        peer.finish(peer.applications.held[0])
        peer.eventLoop.advanceTime(by: .seconds(7))
        #expect(try peer.read().last { $0.is(.goAway) }?.error == 0)
        #expect(!peer.isOpen)
    }
}
