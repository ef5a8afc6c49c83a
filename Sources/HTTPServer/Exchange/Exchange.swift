/// The interface between the server and what answers its requests: one request and its response, or one WebSocket. Never a connection.
///
/// Loop-bound: every call is made on the loop that the exchange lives on, and every event is reported there. Events are reported to
/// `owner`, possibly inside a call of the exchange; nothing else calls back. Nothing is written to the socket inside a call: output leaves
/// when the loop's turn ends. `isTaken`, here and in `ResponseBody`: the sender was promised that its data is accepted, so that it is, however
/// much output is pending.
public protocol Exchange: AnyObject {
    /// The request header. Valid until `rest`.
    var head: RequestHead { get }
    /// The addresses of the connection. Valid until `rest`.
    var peer: Peer { get }
    /// The number of this exchange in logs; set by the owner.
    var number: UInt64 { get set }
    /// Gets the events of the exchange. Kept until `end`.
    var owner: (any ExchangeOwner)? { get set }

    /// The WebSocket that the request asks for (`head.asksForWebSocket`); nil if it asks for none. Valid until `rest`.
    var webSocket: (any WebSocket)? { get }

    /// Receives the next part of the request body.
    func receive() -> Reception

    /// The trailers of the request; empty until the last part of the body was received. Valid until `end`.
    var trailers: HeaderFields { get }

    /// Begins the response. The response header is held back until the first part of the body, so that a late failure can still become a
    /// 500. `trailers`: fields will follow the body; only for clients that accept them. Never waits.
    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome

    /// Sends an interim response 103 with a link for each value (RFC 8297). Repeatable, until the first part of the body. Only for clients of
    /// HTTP/1.1 and later. Never waits.
    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome

    /// Sends a part of the response body. `more`: it is not the last.
    func send(_ body: ResponseBody, more: Bool) -> SendOutcome

    /// Sends a part of a file as a part of the body. The file belongs to the exchange, whatever the outcome is.
    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome

    /// Sends trailers, if `start` has announced them. `more`: others follow.
    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome

    /// Sends a whole response: one header, one body, one write.
    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome

    /// Whether a response can still be sent: the client is connected, and the response is not complete.
    var isOpen: Bool { get }

    /// Ends the exchange in place of a handler that has no time left: a WebSocket is closed with 1012, any other connection is cut. The owner
    /// is notified as if the client had left.
    func giveUp()

    /// The handler has finished, or `failed`. Returns what became of the response.
    func end(failed: Bool) -> Ending

    /// The last call, after `end`: what the exchange has lent is not needed any more, and the exchange is reused.
    func recycle()
}

/// What answers an exchange, and is notified of its events.
public protocol ExchangeOwner: AnyObject {
    /// Something that was `.pending` may have changed. On the loop, possibly inside a call of the exchange.
    func exchange(changed change: ExchangeChange)
}

/// What may have changed.
public enum ExchangeChange {
    /// `receive` may return something.
    case readable
    /// Pending output has left: more may be sent.
    case writable
    /// The response is complete: `receive` returns `.disconnect` from here on.
    case complete
    /// The client is gone: `receive` returns `.disconnect`, `send` returns `.gone`, and pending output is lost.
    case gone
}

/// What `receive` returns.
public enum Reception {
    /// Bytes, valid until the next `receive` or `end`. `more`: they are not the last.
    case part(Octets, more: Bool)
    /// Nothing has arrived: the owner is notified by `.readable`.
    case pending
    /// The client is gone, or the response is complete.
    case disconnect
}

/// What `start`, `hint`, `send` and `respond` return.
public enum SendOutcome {
    /// Accepted.
    case done
    /// Accepted, but pending output exceeds the high-water mark: the owner is notified by `.writable` when more may be sent.
    case pending
    /// Not accepted: too much output is pending.
    case full
    /// Not accepted: the client is gone.
    case gone
    /// Not accepted: out of order, or malformed.
    case invalid(SendFault)
}

/// What `end` has found.
public enum Ending {
    /// The response was complete, or the client was gone.
    case complete
    /// Nothing was written: the server has answered 500.
    case answered
    /// A part was written: the connection is closed, so that the client does not take the part for the whole.
    case aborted
    /// A WebSocket was open: the server has closed it.
    case closed(code: Int)
}
