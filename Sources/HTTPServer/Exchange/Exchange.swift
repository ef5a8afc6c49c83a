/// The door between the server and whoever answers: one request and its response, or one WebSocket. Never a connection.
///
/// Loop-bound: everything here is called on the loop that the exchange lives on, and everything it tells its owner comes
/// there. Nothing here calls the owner's application back; what a call sets in motion is told through `owner`, which may
/// happen inside the call. `isTaken`, here and in `ResponseBody`: whoever sent it was told already that it is taken, so that it is,
/// however much is under way. Nothing is written to the socket inside a call either: that happens when the loop's turn ends.
public protocol Exchange: AnyObject {
    /// What was asked. Valid until `rest`.
    var head: RequestHead { get }
    /// Who asked. Valid until `rest`.
    var peer: Peer { get }
    /// What logs call this exchange; set by the owner.
    var number: UInt64 { get set }
    /// Who is told of what happens. Kept until `end`.
    var owner: (any ExchangeOwner)? { get set }

    /// The WebSocket that the request asks for (`head.asksForWebSocket`); nil: it asks for none. Valid until `rest`.
    var webSocket: (any WebSocket)? { get }

    /// The next part of the request's body.
    func receive() -> Reception

    /// The fields that came behind the body: none until its last part was received. Valid until `end`.
    var trailers: HeaderFields { get }

    /// Begins the response. The head is held back until the first part of the body, so that a late failure can still
    /// become a 500. `trailers`: fields will follow the body; only for clients that take them. Never waits.
    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome

    /// Tells the client what it will need, while the response is made: 103 with a link for each value (RFC 8297). May come until
    /// the first part of the body, as often as wanted. Only for clients of HTTP/1.1 and later. Never waits.
    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome

    /// A part of the response's body; `more` says that it is not the last.
    func send(_ body: ResponseBody, more: Bool) -> SendOutcome

    /// A part of a file as a part of the body. It is the exchange's, taken or not.
    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome

    /// Fields behind the body, where `start` has said so; `more` says that others follow.
    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome

    /// A whole response at once: one head, one body, one write.
    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome

    /// Whether somebody still waits for what `send` gives: the client is there and the response is not complete.
    var isOpen: Bool { get }

    /// Whoever answers has no more time: a WebSocket is closed with 1012, another connection is cut. The owner is told of it, as of a
    /// client that left.
    func leave()

    /// Whoever answers has finished, or `failed`. Says what became of the response that this left.
    func end(failed: Bool) -> Ending

    /// The last call, after `end`: nobody needs what the exchange has lent any more, and it is used again.
    func rest()
}

/// Who answers an exchange, and is told what happens to it.
public protocol ExchangeOwner: AnyObject {
    /// Something that was `.pending` may have changed. On the loop, possibly inside a call of the exchange.
    func exchange(changed change: ExchangeChange)
}

/// What may have changed: ask the exchange.
public enum ExchangeChange {
    /// `receive` has something to say.
    case readable
    /// What `send` took is under way no more: more may be sent.
    case writable
    /// The response is complete: `receive` says `.disconnect` from here on.
    case complete
    /// The client is gone: so does `receive`, and `send` says `.gone`; what was under way is lost.
    case gone
}

/// What `receive` answers.
public enum Reception {
    /// Bytes, valid until the next `receive` or `end`; `more` says that they are not the last.
    case part(Octets, more: Bool)
    /// Nothing is there yet: the owner is told `.readable`.
    case pending
    /// The client is gone, or the response is complete.
    case disconnect
}

/// What `start`, `hint`, `send` and `respond` answer.
public enum SendOutcome {
    /// Taken.
    case done
    /// Taken, but much is under way: the owner is told `.writable` when more may be sent.
    case pending
    /// Not taken: too much is under way.
    case full
    /// Not taken: nobody is there to get it.
    case gone
    /// Not taken: out of order, or malformed.
    case invalid(SendFault)
}

/// What `end` found.
public enum Ending {
    /// The response was complete, or the client was gone.
    case complete
    /// Nothing had reached the wire: the server answered 500 in the owner's place.
    case answered
    /// A part had: the connection is closed, so that nobody takes the part for the whole.
    case aborted
    /// A WebSocket was open: the server closed it in the owner's place.
    case closed(code: Int)
}
