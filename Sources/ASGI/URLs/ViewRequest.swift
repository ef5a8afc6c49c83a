/// A request that a view answers. A copy, so it can be kept and passed on like any value.
public struct ViewRequest: Sendable {
    let call: HTTPCall
    /// Who asks for what.
    public let scope: HTTPScope
    /// The body, where the row's pattern has it collected; else empty, and read by `receive`.
    public let body: [UInt8]

    /// For bodies that are read as they come.
    public var receive: HTTPReceive { HTTPReceive(call: self.call) }
    /// For responses that are sent as they come; the view returns nil then.
    public var send: HTTPSend { HTTPSend(call: self.call) }
    /// The paths of the table's names.
    public var links: Links { Links(id: self.scope.memory.id, host: self.scope.memory.host) }
}
