package import NIOCore

/// A message as a frame that can be sent to many: encoded once, never copied again. [any]
public struct WebSocketMessage: Sendable {
    package let frame: ByteBuffer

    /// Copies the bytes. Nil: the message is text, and not UTF-8.
    public init?(_ bytes: Octets, isText: Bool) {
        guard (try? Self.check(bytes, isText: isText)) != nil else { return nil }
        var frame = ByteBufferAllocator().buffer(capacity: WebSocketEncoder.longestHead + bytes.size)
        WebSocketEncoder.write(bytes.bytes, isText: isText, isCompressed: false, into: &frame)
        self.frame = frame
        self.isText = isText
        self.payload = bytes.size
    }

    /// Checks that a text is UTF-8 (RFC 6455 §5.6).
    package static func check(_ bytes: Octets, isText: Bool) throws(SendFault) {
        guard !isText || UTF8Check.isWhole(bytes.bytes) else { throw .notUTF8 }
    }

    package let isText: Bool
    /// Bytes of the message itself, which end the frame.
    private let payload: Int

    /// The message. Lends.
    package func withPayload<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.frame.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0.suffix(self.payload))) }
    }

    /// Bytes of the frame.
    public var size: Int { self.frame.readableBytes }
}
