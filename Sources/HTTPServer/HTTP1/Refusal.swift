/// A refused request: the status for the client, and the reason for the client and the log.
struct Refusal: Error {
    var status: Int
    var reason: StaticString
    /// Additional header lines of the response, each with its CRLF.
    var lines: StaticString = ""
    /// Whether the response has an `upgrade` field that offers another protocol (RFC 9110 §7.8).
    var offersUpgrade = false

    static func badRequest(_ reason: StaticString) -> Refusal { Refusal(status: 400, reason: reason) }
}

extension Refusal: Equatable {
    static func == (left: Refusal, right: Refusal) -> Bool {
        left.status == right.status && left.reason.description == right.reason.description
    }
}
