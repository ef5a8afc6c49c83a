import NIOCore

/// A message as a frame that can be sent to many: encoded once, never copied again. [any]
public struct WebSocketMessage: Sendable {
    let frame: ByteBuffer

    /// Copies the bytes. Nil: it is text, and not UTF-8.
    public init?(_ bytes: Octets, isText: Bool) {
        guard !isText || UTF8Check.isWhole(bytes.bytes) else { return nil }
        var frame = ByteBufferAllocator().buffer(capacity: WebSocketEncoder.longestHead + bytes.size)
        WebSocketEncoder.write(bytes.bytes, isText: isText, isCompressed: false, into: &frame)
        self.frame = frame
    }

    /// Bytes of the frame.
    public var size: Int { self.frame.readableBytes }
}
