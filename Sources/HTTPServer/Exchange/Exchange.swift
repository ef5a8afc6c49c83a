/// One request and its response, or one WebSocket; never a connection. The interface between the server and its
/// request handlers.
///
/// Loop-bound: every call is made on the loop of the exchange, and every event is reported there. Events are reported
/// to `owner`, possibly inside a call of the exchange; there are no other callbacks. No call writes to the socket:
/// output is written in a batch, once all events of a poll were handled.
///
/// `isTaken`, here and in `ResponseBody`: the sender was told earlier that its data is accepted. The exchange then
/// accepts it regardless of how much output is pending.
public protocol Exchange: AnyObject {
    /// The request header. Valid until `recycle`.
    var head: RequestHead { get }
    /// The addresses of the connection. Valid until `recycle`.
    var peer: Peer { get }
    /// Whether a trusted proxy has sent the request. Valid until `recycle`.
    var isFromTrustedProxy: Bool { get }
    /// The bodies of answers in place of an application.
    var errorPages: ErrorPages { get }
    /// The number of this exchange in logs. Set by the owner.
    var number: UInt64 { get set }
    /// The receiver of the exchange's events. Retained until `end`.
    var owner: (any ExchangeOwner)? { get set }

    /// The WebSocket that the request asks for (`head.asksForWebSocket`); nil if it asks for none. Valid until
    /// `recycle`.
    var webSocket: (any WebSocket)? { get }

    /// Receives the next part of the request body.
    func receive() -> Reception

    /// The trailers of the request; empty until the last part of the body was received. Valid until `end`.
    var trailers: HeaderFields { get }

    /// Starts the response. Never waits.
    ///
    /// The response header is held back until the first part of the body, so that a late failure can still become a
    /// 500. `trailers`: whether trailers will follow the body; only for clients that accept them.
    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome

    /// Sends an interim response 103 with one link per value (RFC 8297). Repeatable, until the first part of the body.
    /// Only for clients of HTTP/1.1 and later. Never waits.
    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome

    /// Sends a part of the response body. `more`: whether further parts follow.
    func send(_ body: ResponseBody, more: Bool) -> SendOutcome

    /// Sends a part of a file as a part of the body. The exchange takes ownership of the file, whatever the outcome.
    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome

    /// Sends trailers that were announced to `start`. `more`: whether further trailers follow.
    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome

    /// Sends a complete response: one header, one body, one write.
    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome

    /// Whether a response can still be sent: the client is connected, and the response is not complete.
    var isOpen: Bool { get }

    /// Ends the exchange when the handler has run out of time: closes a WebSocket with 1012, aborts any other
    /// connection. The owner is notified as if the client had disconnected.
    func giveUp()

    /// Ends the exchange for its handler, which has finished or `failed`. Returns the state of the response.
    func end(failed: Bool) -> Ending

    /// Recycles the exchange for another request. The last call, after `end`; lent memory is invalid afterwards.
    func recycle()
}

extension Exchange {
    /// Sends a complete response, and ends and recycles the exchange.
    package func finish(_ status: Int, _ fields: HeaderFields, _ body: ResponseBody) {
        // The body of a response that was not accepted is still the caller's.
        if !self.respond(status: status, fields: fields, body: body).isAccepted { body.release?(body.context) }
        _ = self.end(failed: false)
        self.recycle()
    }
}

/// The receiver of an exchange's events, which also answers it.
public protocol ExchangeOwner: AnyObject {
    /// Reports that something that was `.pending` may have changed. Called on the loop, possibly inside a call of the
    /// exchange.
    func exchange(changed change: ExchangeChange)
}

/// An event of an exchange.
public enum ExchangeChange {
    /// `receive` may return something other than `.pending`.
    case readable
    /// Pending output was written: more may be sent.
    case writable
    /// The response is complete: `receive` now returns `.disconnect`.
    case complete
    /// The client has disconnected: `receive` returns `.disconnect`, `send` returns `.gone`, pending output is lost.
    case gone
}

/// The result of `receive`.
public enum Reception {
    /// Bytes, valid until the next `receive` or `end`. `more`: whether further parts follow.
    case part(Octets, more: Bool)
    /// Nothing has arrived. The owner is notified with `.readable`.
    case pending
    /// The client has disconnected, or the response is complete.
    case disconnect
}

/// The result of `start`, `hint`, `send` and `respond`.
public enum SendOutcome {
    /// Accepted.
    case done
    /// Accepted, but pending output exceeds the high-water mark. The owner is notified with `.writable` when more may
    /// be sent.
    case pending
    /// Not accepted: too much output is pending.
    case full
    /// Not accepted: the client has disconnected.
    case gone
    /// Not accepted: out of order, or malformed.
    case invalid(SendFault)

    package var isAccepted: Bool {
        switch self {
        case .done, .pending: true
        case .full, .gone, .invalid: false
        }
    }
}

/// The result of `end`.
public enum Ending {
    /// The response was complete, or the client had disconnected.
    case complete
    /// Nothing had been written: the server has answered 500.
    case answered
    /// A part had been written: the connection is aborted, so that the client does not take the part for the whole.
    case aborted
    /// A WebSocket was open: the server has closed it.
    case closed(code: Int)
    /// Another handler has taken over the exchange, and ends it.
    case passedOn
}
