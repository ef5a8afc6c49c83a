/// The limits of one request, each the greatest size that is still taken.
public struct HTTP1Limits: Sendable {
    /// Bytes of the request line: above it 414.
    public var requestLine = 16 * 1024
    /// Bytes of one field line, in the head or of a trailer: above it 431.
    public var field = 16 * 1024
    /// Fields of one head, and of the trailers of one body: above it 431.
    public var fields = 128
    /// Bytes of the whole head, and of all trailers: above it 431.
    public var head = 64 * 1024
    /// Bytes of the line before a chunk, its size and its extensions: above it 400.
    public var chunkLine = 1024
    /// Bytes of the body: above it 413. Nil: none, since it is read only as far as the application asks for it.
    public var body: Int?

    /// The longest line between chunks, with its end: as much has to fit into what is read ahead.
    var longestBodyLine: Int { max(self.field, self.chunkLine) + 2 }

    public init() {}
}
