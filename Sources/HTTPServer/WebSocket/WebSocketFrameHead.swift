/// The header of a client's frame (RFC 6455 §5.2). A value without I/O.
struct WebSocketFrameHead {
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { self.rawValue >= 8 }
    }

    enum Outcome {
        /// More bytes are needed.
        case incomplete
        /// The frame header and its size, in bytes.
        case complete(WebSocketFrameHead, Int)
        case failed(WebSocketClose)
    }

    let opcode: Opcode
    let isFinal: Bool
    /// Whether the first reserved bit is set: the message is compressed (RFC 7692 §6).
    let isCompressed: Bool
    let size: Int
    let mask: WebSocketMask

    /// Parses the frame header at the start of `bytes`. Faults in the first two bytes are detected at once.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard bytes.count >= 2 else { return .incomplete }
        guard bytes[0] & 0x30 == 0 else { return .failed(.malformed("reserved bit set")) }
        guard let opcode = Opcode(rawValue: bytes[0] & 0x0f) else {
            return .failed(.malformed("unknown opcode"))
        }
        let isFinal = bytes[0] & 0x80 != 0
        let isCompressed = bytes[0] & 0x40 != 0
        let short = bytes[1] & 0x7f
        // Client frames have to be masked (RFC 6455 §5.1).
        guard bytes[1] & 0x80 != 0 else { return .failed(.malformed("unmasked frame")) }
        if opcode.isControl {
            guard isFinal else { return .failed(.malformed("fragmented control frame")) }
            guard short <= 125 else { return .failed(.malformed("control frame too long")) }
            guard !isCompressed else { return .failed(.malformed("compressed control frame")) }
        }
        let wide = short == 126 ? 2 : short == 127 ? 8 : 0
        guard bytes.count >= 2 + wide + 4 else { return .incomplete }
        var size = wide == 0 ? UInt64(short) : 0
        for at in 2..<(2 + wide) { size = size << 8 | UInt64(bytes[at]) }
        // The length has to use the shortest encoding, and its highest bit has to be 0 (RFC 6455 §5.2).
        guard wide == 0 || size > (wide == 2 ? 125 : 0xffff), size <= UInt64(Int.max) else {
            return .failed(.malformed("malformed frame length"))
        }
        let mask = WebSocketMask(bytes, at: 2 + wide)
        let head = WebSocketFrameHead(
            opcode: opcode, isFinal: isFinal, isCompressed: isCompressed, size: Int(size), mask: mask
        )
        return .complete(head, 2 + wide + 4)
    }
}
