import NIOCore

/// Writes the frames of one WebSocket to its carrier. Compresses messages if negotiated. Loop-bound.
struct WebSocketWriter {
    // SAFETY: the loop outlives its WebSockets.
    private unowned(unsafe) let loop: ServerLoop
    private let deflater: MessageDeflater?
    /// The payload of the last unanswered ping, while earlier output is pending for a slow client. Only the last ping
    /// needs a pong (RFC 6455 §5.5.3), and each pending pong would occupy a whole buffer of the loop.
    private var owedPong: [UInt8]?

    init(loop: ServerLoop, deflater: MessageDeflater?) {
        self.loop = loop
        self.deflater = deflater
    }

    /// Writes a message as one frame. Returns whether it was compressed.
    func write(_ message: ResponseBody, isText: Bool, to output: any WebSocketCarrier) -> Bool {
        let size = message.bytes.size
        if let deflater, MessageDeflater.sizes ~= size, let deflated = deflater.deflate(message.bytes.bytes) {
            if message.release != nil { self.loop.willRelease(message) }
            output.encode { output in
                deflated.withUnsafeReadableBytes {
                    WebSocketEncoder.write($0, isText: isText, isCompressed: true, into: &output)
                }
            }
            return true
        }
        if size > ConnectionOutput.smallBody {
            output.encode { WebSocketEncoder.writeHead(size: size, isText: isText, isCompressed: false, into: &$0) }
            output.write(message)
        } else {
            if message.release != nil { self.loop.willRelease(message) }
            output.encode {
                WebSocketEncoder.write(message.bytes.bytes, isText: isText, isCompressed: false, into: &$0)
            }
        }
        return false
    }

    func write(_ close: WebSocketClose, to output: any WebSocketCarrier) {
        output.encode { WebSocketEncoder.write(close, into: &$0) }
    }

    func writePing(to output: any WebSocketCarrier) { output.encode { WebSocketEncoder.writePing(into: &$0) } }

    /// Answers a ping, or postpones the pong until earlier output is written.
    mutating func writePong(_ payload: UnsafeRawBufferPointer, to output: any WebSocketCarrier) {
        guard !output.hasUnsent else {
            self.owedPong = Array(payload)
            return
        }
        output.encode { WebSocketEncoder.writePong(payload, into: &$0) }
    }

    /// Writes the postponed pong, if earlier output is written.
    mutating func writeOwedPong(to output: any WebSocketCarrier) {
        guard let pong = self.owedPong else { return }
        self.owedPong = nil
        pong.withUnsafeBytes { self.writePong($0, to: output) }
    }

    /// Frees the memory that compression keeps between messages.
    func trim() { self.deflater?.putAside() }
}
