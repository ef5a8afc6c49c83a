import HTTPServer

/// An answer that the host gives itself, since no application can.
enum OwnAnswer {
    case notFound
    case tooManyScopes
    case tooManyJobs
    case noWebSocket

    func give(to exchange: any Exchange) {
        self.respond(to: exchange)
        _ = exchange.end(failed: false)
        exchange.rest()
    }

    /// Only the response: somebody else ends the exchange.
    func respond(to exchange: any Exchange) {
        self.withAnswer { status, fields, body in _ = exchange.respond(status: status, fields: fields, body: body) }
    }

    /// In place of a WebSocket; where one was accepted nothing happens.
    func reject(_ socket: any WebSocket) {
        self.withAnswer { status, fields, body in
            guard case .done = socket.reject(status: status, fields: fields) else { return }
            _ = socket.reject(body, more: false)
        }
    }

    private func withAnswer(_ give: (Int, HeaderFields, ResponseBody) -> Void) {
        let (status, text): (Int, StaticString) =
            switch self {
            case .notFound: (404, "Not Found: nothing is mounted here")
            case .tooManyScopes: (503, "Service Unavailable: too many requests are unfinished")
            case .tooManyJobs: (503, "Service Unavailable: too many requests wait for a thread")
            case .noWebSocket: (403, "Forbidden: there are no WebSockets here")
            }
        let type = HeaderField(name: Octets("content-type"), value: Octets("text/plain; charset=utf-8"))
        withUnsafePointer(to: type) { type in
            give(status, HeaderFields(start: type, count: 1), ResponseBody(Octets(text)))
        }
    }
}
