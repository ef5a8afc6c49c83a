/// The beginning of a response: what an application that wraps another may change of the other's response.
public struct ResponseStart: Sendable {
    /// The HTTP status; 101 for the acceptance of a WebSocket, whose status cannot be changed.
    public var status: Int
    public var headers: Headers
}
