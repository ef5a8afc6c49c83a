/// The limits of one request, each the largest size that is accepted.
public struct HTTP1Limits: Sendable {
    /// The size of the request line, in bytes: above it 414.
    public var requestLine = 16 * 1024
    /// The size of one field line, in the header or of a trailer, in bytes: above it 431.
    public var field = 16 * 1024
    /// The number of fields of one header, and of the trailers of one body: above it 431.
    public var fields = 128
    /// The size of the whole header, and of all trailers, in bytes: above it 431.
    public var head = 64 * 1024
    /// The size of the line before a chunk, with its extensions, in bytes: above it 400.
    public var chunkLine = 1024
    /// The size of the body, in bytes: above it 413. Nil: no limit, since it is read only as far as the handler receives it.
    public var body: Int?

    /// The longest line between chunks, with its end: the read-ahead window has to hold it.
    var longestBodyLine: Int { max(self.field, self.chunkLine) + 2 }

    public init() {}
}
