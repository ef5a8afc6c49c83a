/// Why a request cannot be taken: the status that says so to the client, and the reason for the log.
struct Refusal: Error {
    var status: Int
    var reason: StaticString

    static func badRequest(_ reason: StaticString) -> Refusal { Refusal(status: 400, reason: reason) }
}

extension Refusal: Equatable {
    static func == (left: Refusal, right: Refusal) -> Bool {
        left.status == right.status && left.reason.description == right.reason.description
    }
}
