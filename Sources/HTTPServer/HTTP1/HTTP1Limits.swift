/// The limits of one request. Each is the largest accepted size or number.
public struct HTTP1Limits: Sendable {
    /// The size of the request line, in bytes: above it 414.
    public var requestLine = 16 * 1024
    /// The size of one field line in the header or in the trailers, in bytes: above it 431.
    public var field = 16 * 1024
    /// The number of fields in the header, and of trailers: above it 431.
    public var fields = 128
    /// The size of the header, and of all trailers, in bytes: above it 431.
    public var head = 64 * 1024
    /// The size of the line before a chunk, with extensions, in bytes: above it 400.
    public var chunkLine = 1024
    /// The size of the body, in bytes: above it 413. Nil: unlimited, since reading stops until the handler receives.
    public var body: Int?

    /// The longest line between chunks, with its end. The read-ahead window has to be at least this large.
    var longestBodyLine: Int { max(self.field, self.chunkLine) + 2 }

    public init() {}
}
