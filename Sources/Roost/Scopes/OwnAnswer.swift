import HTTPServer

/// An answer that the host gives itself, since no application can.
enum OwnAnswer: String {
    case notFound
    /// Nobody here answers for the host that the client means.
    case misdirected
    case tooManyScopes
    case tooManyJobs
    case noWebSocket
    case bodyTooLarge
    /// It has crashed its workers too often.
    case quarantined
    /// It does not start.
    case notStarted
    /// None of the workers that have it is there.
    case groupAway
    /// The worker that had it has gone before it has answered.
    case groupLost
    case alive
    case ready
    case stopping

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
            case .misdirected: (421, "Misdirected Request: this server answers for other hosts")
            case .tooManyScopes: (503, "Service Unavailable: too many requests are unfinished")
            case .tooManyJobs: (503, "Service Unavailable: too many requests wait for a thread")
            case .bodyTooLarge: (413, "Content Too Large")
            case .quarantined: (503, "Service Unavailable: the application has crashed too often")
            case .notStarted: (503, "Service Unavailable: the application does not start")
            case .groupAway: (503, "Service Unavailable: the application's workers are not there")
            case .groupLost: (503, "Service Unavailable: the application's worker has gone before it has answered")
            case .alive: (200, "alive")
            case .ready: (200, "ready")
            case .stopping: (503, "Service Unavailable: this server stops")
            case .noWebSocket: (403, "Forbidden: there are no WebSockets here")
            }
        let type = HeaderField(name: Octets("content-type"), value: Octets("text/plain; charset=utf-8"))
        withUnsafePointer(to: type) { type in
            give(status, HeaderFields(start: type, count: 1), ResponseBody(Octets(text)))
        }
    }
}
