/// What a request may make a view's host keep.
public struct ViewLimits: Sendable {
    /// Bytes of a body that is collected for a view: above it 413. A module's table, and a view that collects, may have its own.
    public var body = 1 << 20
    /// Fields of a query, of a form, parts of one: above it 400. A view that asks for fields itself, or for cookies, is given none.
    public var fields = 1000
    /// Values of a body that is JSON, all members and elements: above it 400. A view that asks for it itself is given none.
    public var jsonValues = 250_000

    public init() {}
}
