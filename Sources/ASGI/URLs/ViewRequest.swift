/// A request that a view answers. A copy that can be kept and passed on like any value.
public struct ViewRequest: Sendable {
    let call: HTTPCall
    /// The scope of the request: method, path, header fields, client.
    public let scope: HTTPScope
    /// The body, if the row's pattern collects it; otherwise empty, and read with `receive`.
    public let body: [UInt8]

    /// Receives a body in parts.
    public var receive: HTTPReceive { HTTPReceive(call: self.call) }
    /// Sends a response in parts. The view then returns nil.
    public var send: HTTPSend { HTTPSend(call: self.call) }
    /// The paths of the URL table's rows by name.
    public var links: Links { Links(id: self.scope.memory.id, host: self.scope.memory.host) }
}
