/// A WebSocket frame on the wire.
public struct WebSocketFrame: Equatable, Sendable {
    public var opcode: UInt8
    public var payload: [UInt8]
    public var isFinal: Bool
    /// The three reserved bits, at their place in the first byte.
    public var reserved: UInt8

    public init(_ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
        self.reserved = reserved
    }

    public static func text(_ text: String) -> Self { Self(1, Array(text.utf8)) }
    public static func binary(_ bytes: [UInt8]) -> Self { Self(2, bytes) }
    public static func close(_ code: Int, _ reason: String = "") -> Self {
        Self(8, [UInt8(code >> 8), UInt8(code & 255)] + reason.utf8)
    }

    /// The status code of a close frame.
    public var closeCode: Int? {
        self.opcode == 8 && self.payload.count >= 2 ? Int(self.payload[0]) << 8 | Int(self.payload[1]) : nil
    }

    public var text: String { String(decoding: self.payload, as: UTF8.self) }
    /// The first two bytes of the payload as a status code; nil if the payload is shorter.
    public var code: Int? { self.payload.count < 2 ? nil : Int(self.payload[0]) << 8 | Int(self.payload[1]) }

    /// The frame as a client sends it: masked, unless `mask` is nil.
    public func bytes(mask: [UInt8]? = [0x12, 0x80, 0xff, 0x07]) -> [UInt8] {
        let count = self.payload.count
        var bytes = [(self.isFinal ? 0x80 : 0) | self.reserved | self.opcode]
        let bit: UInt8 = mask == nil ? 0 : 0x80
        switch count {
        case ..<126: bytes.append(bit | UInt8(count))
        case ...0xffff: bytes += [bit | 126, UInt8(count >> 8), UInt8(count & 255)]
        default: bytes += [bit | 127] + (0..<8).reversed().map { UInt8(count >> ($0 * 8) & 255) }
        }
        guard let mask else { return bytes + self.payload }
        return bytes + mask + self.payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    /// Parses the first frame that a server has sent and returns it with its size in bytes; nil if it is incomplete.
    static func parse(_ bytes: [UInt8]) -> (WebSocketFrame, Int)? {
        guard bytes.count >= 2 else { return nil }
        var count = Int(bytes[1] & 0x7f)
        var start = 2
        if count >= 126 {
            start += count == 126 ? 2 : 8
            guard bytes.count >= start else { return nil }
            count = bytes[2..<start].reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.count >= start + count else { return nil }
        let frame = WebSocketFrame(
            bytes[0] & 0x0f, Array(bytes[start..<(start + count)]), isFinal: bytes[0] & 0x80 != 0,
            reserved: bytes[0] & 0x70)
        return (frame, start + count)
    }
}

extension RawClient {
    /// Sends a WebSocket handshake and returns the response.
    public func openWebSocket(_ target: String, fields: [String] = []) throws -> Response {
        let lines = fields.map { "\($0)\r\n" }.joined()
        self.send(
            """
            GET \(target) HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r
            sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(lines)\r\n
            """)
        return try self.readResponse()
    }

    public func send(_ frame: WebSocketFrame) { self.send(frame.bytes()) }

    /// The next frame that is not a ping. A client that waits long on a slow machine gets pings.
    public func readNonPingFrame() throws -> WebSocketFrame? {
        while true {
            let frame = try self.readFrame()
            if frame?.opcode != 9 { return frame }
        }
    }

    /// The next frame from the server; nil if the server has closed its side.
    public func readFrame() throws -> WebSocketFrame? {
        while true {
            if let (frame, count) = WebSocketFrame.parse(self.received) {
                self.forget(count)
                return frame
            }
            guard try self.readMore() else { return nil }
        }
    }
}
