package import HTTPServer

/// A response that the host sends itself, in place of an application.
package enum OwnAnswer: String {
    /// `OPTIONS *`: a request to the server as a whole, not to an application (RFC 9110 §9.3.7).
    case serverOptions
    case notFound
    /// No application is mounted for the host name in the request.
    case misdirected
    case tooManyScopes
    case tooManyJobs
    /// The system cannot start a thread to call the application on.
    case noThread
    case noWebSocket
    /// The page that opens a WebSocket belongs to an origin that is not allowed (RFC 6455 §10.2).
    case forbiddenOrigin
    case bodyTooLarge
    /// The application has crashed its workers too often.
    case quarantined
    /// The application does not start.
    case notStarted
    /// No worker of the application's group is available.
    case groupUnavailable
    /// The worker of the application exited before it answered.
    case groupWorkerExited
    case alive
    case ready
    case stopping

    package func give(to exchange: any Exchange) {
        let (status, text, fields) = self.parts
        exchange.finish(status, text: text, fields)
    }

    /// Sends only the response; the caller ends the exchange.
    package func respond(to exchange: any Exchange) {
        let (status, text, fields) = self.parts
        _ = exchange.respond(status, text: text, fields)
    }

    /// Rejects a WebSocket with the response. Does nothing if the WebSocket was already accepted.
    func reject(_ socket: any WebSocket) {
        let (status, text, fields) = self.parts
        let type = HeaderField(name: Octets("content-type"), value: Octets("text/plain; charset=utf-8"))
        let isStarted = ([type] + fields).withUnsafeBufferPointer {
            socket.reject(status: status, fields: $0).isAccepted
        }
        guard isStarted else { return }
        _ = Array(text.utf8).withUnsafeBytes { socket.reject(ResponseBody(Octets($0)), more: false) }
    }

    private var parts: (status: Int, text: String, fields: [HeaderField]) {
        let (status, text) = self.statusAndText
        guard let retryAfter else { return (status, text.description, []) }
        return (
            status, text.description, [HeaderField(name: Octets("retry-after"), value: Octets(retryAfter))]
        )
    }

    private var statusAndText: (Int, StaticString) {
        switch self {
        case .serverOptions: (204, "")
        case .notFound: (404, "Not Found: nothing is mounted here")
        case .misdirected: (421, "Misdirected Request: this server does not serve this host")
        case .tooManyScopes: (503, "Service Unavailable: too many unfinished requests")
        case .tooManyJobs: (503, "Service Unavailable: too many requests are waiting for a thread")
        case .noThread: (503, "Service Unavailable: no thread available for this request")
        case .bodyTooLarge: (413, "Content Too Large")
        case .quarantined: (503, "Service Unavailable: the application has crashed too often")
        case .notStarted: (503, "Service Unavailable: the application failed to start")
        case .groupUnavailable: (503, "Service Unavailable: the application's workers are not available")
        case .groupWorkerExited: (503, "Service Unavailable: the application's worker exited before it responded")
        case .alive: (200, "alive")
        case .ready: (200, "ready")
        case .stopping: (503, "Service Unavailable: this server is shutting down")
        case .forbiddenOrigin: (403, "Forbidden: pages of this origin must not open WebSockets here (--ws-origins)")
        case .noWebSocket: (403, "Forbidden: WebSockets are not served here")
        }
    }

    /// Seconds after which a client may retry (RFC 9110 §10.2.3); nil if the host does not know. A quarantine lasts
    /// until the module is replaced; a shutdown is final.
    private var retryAfter: StaticString? {
        switch self {
        // A request that ends frees its place; a worker that exited is replaced at once.
        case .tooManyScopes, .tooManyJobs, .noThread, .groupUnavailable, .groupWorkerExited: "1"
        // The application is restarted with a growing delay.
        case .notStarted: "5"
        case .serverOptions, .notFound, .misdirected, .forbiddenOrigin, .noWebSocket, .bodyTooLarge, .quarantined,
            .alive, .ready, .stopping:
            nil
        }
    }
}
