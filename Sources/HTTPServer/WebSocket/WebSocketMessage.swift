package import NIOCore

/// A message encoded once as a frame, which can be sent to many WebSockets without a copy. Thread-safe.
public struct WebSocketMessage: Sendable {
    package let frame: ByteBuffer

    /// Copies and encodes the bytes. Returns nil if a text message is not UTF-8.
    public init?(_ bytes: Octets, isText: Bool) {
        guard (try? Self.check(bytes, isText: isText)) != nil else { return nil }
        var frame = ByteBufferAllocator().buffer(capacity: WebSocketEncoder.longestHead + bytes.size)
        WebSocketEncoder.write(bytes.bytes, isText: isText, isCompressed: false, into: &frame)
        self.frame = frame
        self.isText = isText
        self.payload = bytes.size
    }

    /// Checks that a text message is UTF-8 (RFC 6455 §5.6).
    package static func check(_ bytes: Octets, isText: Bool) throws(SendFault) {
        guard !isText || UTF8Check.isWhole(bytes.bytes) else { throw .notUTF8 }
    }

    package let isText: Bool
    /// The size of the payload at the end of the frame, in bytes.
    private let payload: Int

    /// Calls `body` with the payload, which is valid during the call.
    package func withPayload<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.frame.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0.suffix(self.payload))) }
    }

    /// The size of the frame, in bytes.
    public var size: Int { self.frame.readableBytes }
}
