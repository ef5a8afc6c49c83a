import HTTPServer

/// The beginning of a response, which a wrapping application may change. Must not be kept after `NextExchange.begin`
/// has returned.
struct ResponseBeginning {
    enum Kind {
        case response
        /// The acceptance of a WebSocket.
        case acceptance
        /// A response in place of a WebSocket.
        case rejection
    }

    let kind: Kind
    private let begin: (_ status: Int, _ subprotocol: Octets, _ fields: HeaderFields) -> SendOutcome
    private let sent: (SendOutcome) -> Void

    /// `begin`: begins the response. `sent`: gets the outcome.
    init(
        _ kind: Kind, _ begin: @escaping (Int, Octets, HeaderFields) -> SendOutcome,
        sent: @escaping (SendOutcome) -> Void
    ) {
        self.kind = kind
        self.begin = begin
        self.sent = sent
    }

    func send(status: Int, subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        let outcome = self.begin(status, subprotocol, fields)
        self.sent(outcome)
        return outcome
    }
}
