/// Limits of the data that a request can make the host keep for a view.
public struct ViewLimits: Sendable {
    /// Maximum size of a body that is collected for a view, in bytes (413 above it). A module's table, and a view that
    /// collects the body itself, can have another limit.
    public var body = 1 << 20
    /// Maximum number of fields of a query or a form, and of parts of a form (400 above it). A view that asks for the
    /// fields or the cookies itself gets none.
    public var fields = 1000
    /// Maximum number of values in a JSON body, counting all members and elements (400 above it). A view that asks for
    /// the JSON itself gets none.
    public var jsonValues = 250_000

    public init() {}
}
