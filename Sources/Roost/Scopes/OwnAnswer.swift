import HTTPServer

/// An answer that the host gives itself, since no application can.
enum OwnAnswer {
    case notFound
    case tooManyScopes
    case tooManyJobs

    func give(to exchange: any Exchange) {
        self.respond(to: exchange)
        _ = exchange.end(failed: false)
        exchange.rest()
    }

    /// Only the response: somebody else ends the exchange.
    func respond(to exchange: any Exchange) {
        let (status, text): (Int, StaticString) =
            switch self {
            case .notFound: (404, "Not Found: nothing is mounted here")
            case .tooManyScopes: (503, "Service Unavailable: too many requests are unfinished")
            case .tooManyJobs: (503, "Service Unavailable: too many requests wait for a thread")
            }
        let type = HeaderField(name: Octets("content-type"), value: Octets("text/plain; charset=utf-8"))
        withUnsafePointer(to: type) { type in
            _ = exchange.respond(
                status: status, fields: HeaderFields(start: type, count: 1), body: ResponseBody(Octets(text))
            )
        }
    }
}
