/// What a request may make a view's host keep.
public struct ViewLimits: Sendable {
    /// Bytes of a body that is collected for a view: above it 413. A module's table may have its own.
    public var body = 1 << 20
    /// Fields of a query, of a form, parts of one, cookies: above it 400.
    public var fields = 1000

    public init() {}
}
