/// The limits of one request, each the greatest size that is still taken.
public struct HTTP1Limits: Sendable {
    /// Bytes of the request line: above it 414.
    public var requestLine = 16 * 1024
    /// Bytes of one field line: above it 431.
    public var field = 16 * 1024
    /// Fields of one head: above it 431.
    public var fields = 128
    /// Bytes of the whole head: above it 431.
    public var head = 64 * 1024
    /// Bytes of the body: above it 413. Nil: none, since it is read only as far as the application asks for it.
    public var body: Int?

    public init() {}
}
