/// What stands before the payload of a client's frame (RFC 6455 §5.2). A value without I/O.
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
        /// And so many bytes it takes.
        case complete(WebSocketFrameHead, Int)
        case failed(WebSocketClose)
    }

    let opcode: Opcode
    let isFinal: Bool
    /// The first reserved bit: the message is compressed (RFC 7692 §6).
    let isCompressed: Bool
    let size: Int
    let mask: WebSocketMask

    /// Reads the head at the start of `bytes`. What is wrong in the first two bytes is refused with them.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard bytes.count >= 2 else { return .incomplete }
        guard bytes[0] & 0x30 == 0 else { return .failed(.malformed("reserved bit set")) }
        guard let opcode = Opcode(rawValue: bytes[0] & 0x0f) else {
            return .failed(.malformed("unknown opcode"))
        }
        let isFinal = bytes[0] & 0x80 != 0
        let isCompressed = bytes[0] & 0x40 != 0
        let short = bytes[1] & 0x7f
        // RFC 6455 §5.1: what a client sends is masked.
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
        // In as few bytes as it can be, the highest bit 0.
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
