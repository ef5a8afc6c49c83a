import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// RFC 9113 §3 and §4: the beginning of a connection, and frames.
@Suite("HTTP/2 connections and frames (RFC 9113 §3, §4)")
struct HTTP2ConnectionTests {
    @Test("the server's settings come first, with its limits; the client's are acknowledged")
    func settings() throws {
        let peer = try HTTP2Peer(greets: false) { $0.http2.streams = 7 }
        try peer.send(HTTP2Peer.preface + HTTP2Frame(.settings).bytes)
        let frames = try peer.read()
        let first = try #require(frames.first)
        #expect(first.is(.settings) && first.flags == 0)
        var values: [UInt32: UInt32] = [:]
        for at in stride(from: 0, to: first.payload.count, by: 6) {
            values[UInt32(first.payload[at]) << 8 | UInt32(first.payload[at + 1])] = first.number(at: at + 2)
        }
        #expect(values == [3: 7, 4: 262_144, 6: 65_536, 9: 1, 8: 1])
        #expect(frames.contains { $0.is(.settings) && $0.flags == HTTP2Frame.acknowledges })
        let window = try #require(frames.first { $0.is(.windowUpdate) })
        #expect(window.stream == 0 && window.number() == 1_048_576 - 65_535)
    }

    @Test("WebSockets are not offered if they are turned off (RFC 8441 §3)")
    func noWebSockets() throws {
        let peer = try HTTP2Peer(greets: false) { $0.http2.offersWebSockets = false }
        try peer.send(HTTP2Peer.preface + HTTP2Frame(.settings).bytes)
        #expect(try peer.read().first?.payload.count == 24)
    }

    @Test("the preface may arrive in pieces of any size", arguments: [1, 2, 7, 23, 24, 25])
    func pieces(size: Int) throws {
        let peer = try HTTP2Peer(greets: false)
        let bytes = HTTP2Peer.preface + HTTP2Frame(.settings).bytes + HTTP2Peer.request(1).bytes
        for start in stride(from: 0, to: bytes.count, by: size) {
            try peer.send(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        let (fields, body, _) = try peer.response(1)
        #expect(fields[":status"] == "200")
        #expect(body == Array("xxxxx".utf8))
    }

    @Test("without HTTP/2 the preface is a request of HTTP/1 that is refused")
    func turnedOff() throws {
        let peer = try HTTP2Peer(greets: false) { $0.http2.isServed = false }
        try peer.send(HTTP2Peer.preface)
        let text = try peer.channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        #expect(text?.hasPrefix("HTTP/1.1 505 ") == true)
    }

    @Test("bytes that only begin like the preface are a request of HTTP/1")
    func almost() throws {
        let peer = try HTTP2Peer(greets: false)
        try peer.send(Array("PRI".utf8))
        try peer.send(Array("NT / HTTP/1.1\r\nhost: x\r\n\r\n".utf8))
        let text = try peer.channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        #expect(text?.hasPrefix("HTTP/1.1 200 ") == true)
    }

    @Test("a frame that is larger than allowed ends the connection with FRAME_SIZE_ERROR (§4.2)")
    func frameSize() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Frame(.data, stream: 1, [UInt8](repeating: 0, count: 16_385)))
        let goAway = try peer.read().first { $0.is(.goAway) }
        #expect(goAway?.error == 6)
        #expect(!peer.isOpen)
    }

    @Test("unknown frames and flags are ignored (§4.1, §5.5)")
    func unknown() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Frame(99, flags: 255, stream: 0, [1, 2, 3]), HTTP2Frame(98, stream: 1, []))
        try peer.send(HTTP2Peer.request(1))
        #expect(try peer.response(1).fields[":status"] == "200")
    }

    @Test("a header block may be split; nothing may come between its parts (§4.3)")
    func continuation() throws {
        let block = HTTP2Block.encode(HTTP2Peer.fields())
        let peer = try HTTP2Peer()
        let head = HTTP2Frame(.headers, flags: HTTP2Frame.endStream, stream: 1, Array(block[..<5]))
        let rest = HTTP2Frame(.continuation, flags: HTTP2Frame.endHeaders, stream: 1, Array(block[5...]))
        try peer.send(head, rest)
        #expect(try peer.response(1).fields[":status"] == "200")

        let other = try HTTP2Peer()
        try other.send(head, HTTP2Frame(.ping, [UInt8](repeating: 0, count: 8)), rest)
        #expect(try other.read().first { $0.is(.goAway) }?.error == 1)
        #expect(!other.isOpen)
    }

    @Test("a header block that cannot be decoded ends the connection with COMPRESSION_ERROR (§4.3)")
    func compression() throws {
        let peer = try HTTP2Peer()
        try peer.send(HTTP2Frame(.headers, flags: 5, stream: 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
        #expect(try peer.read().first { $0.is(.goAway) }?.error == 9)
        #expect(!peer.isOpen)
    }

    @Test("the result does not depend on how the input is split", arguments: [1, 3, 9, 10, 1000])
    func split(size: Int) throws {
        let peer = try HTTP2Peer()
        let bytes = (0..<5).flatMap { HTTP2Peer.request(UInt32($0 * 2 + 1)).bytes }
        for start in stride(from: 0, to: bytes.count, by: size) {
            try peer.send(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        let frames = try peer.read()
        #expect(frames.filter { $0.is(.headers) }.map(\.stream).sorted() == [1, 3, 5, 7, 9])
        #expect(frames.filter { $0.is(.data) && $0.endsStream }.count == 5)
    }
}
