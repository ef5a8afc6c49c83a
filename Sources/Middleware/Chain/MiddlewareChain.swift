package import HTTPServer
package import RoostSettings

/// The middleware of a mount, in its order: the first sees a request first, and a response last. Immutable and
/// thread-safe.
package final class MiddlewareChain: Sendable {
    private let steps: [any Middleware]
    private let hiddenPath: String
    /// Whether the chain needs to see responses.
    private let changesResponses: Bool

    /// `host`: the entries of the host. `own`: those of the application at `mount`, which come after them. Throws
    /// `MiddlewareFault`. Nil for no entries.
    package init?(
        host: [MiddlewareEntry], own: [MiddlewareEntry] = [], mount: String = "",
        _ context: MiddlewareContext = MiddlewareContext()
    ) throws(MiddlewareFault) {
        guard !host.isEmpty || !own.isEmpty || context.faults != nil else { return nil }
        self.hiddenPath = context.hiddenPath
        var steps: [any Middleware] = []
        for (at, entry) in host.enumerated() {
            steps.append(try MiddlewareKind.make(entry, identity: OctetsHash.of("\(at) \(entry)".utf8), context))
        }
        // After the host's steps, which may refuse the request: the page shows sources.
        if let faults = context.faults { steps.append(DevelopmentPage(faults, of: context.application)) }
        for (at, entry) in own.enumerated() {
            steps.append(
                try MiddlewareKind.make(entry, identity: OctetsHash.of("\(mount) \(at) \(entry)".utf8), context))
        }
        self.steps = steps
        self.changesResponses = steps.contains(where: \.changesResponses)
    }

    /// Passes a request through the steps. Returns the exchange for the application; nil if a step has answered.
    package func begin(_ exchange: any Exchange, on loop: ServerLoop) -> (any Exchange)? {
        var request = MiddlewareRequest(
            head: exchange.head, peer: exchange.peer, isFromTrustedProxy: exchange.isFromTrustedProxy,
            hiddenPath: self.hiddenPath)
        for (at, step) in self.steps.enumerated() {
            guard let answer = step.examine(&request) else { continue }
            self.give(answer, of: at, to: exchange, request)
            return nil
        }
        // A handshake has no response whose header could be changed, and its frames have limits of their own.
        guard self.changesResponses || request.bodyLimit != nil, !exchange.head.asksForWebSocket else {
            return exchange
        }
        return MiddlewareExchange(exchange, self, request, on: loop)
    }

    /// Changes the header of a response: the last step first. `from`: the index of the last step that sees it; nil for
    /// all.
    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest, from last: Int? = nil) {
        for step in self.steps[...(last ?? self.steps.count - 1)].reversed() where step.changesResponses {
            step.change(&response, to: request)
        }
    }

    /// Gives the answer of the step at this index. The steps after it do not see it.
    private func give(
        _ answer: MiddlewareAnswer, of index: Int, to exchange: any Exchange, _ request: MiddlewareRequest
    ) {
        var response = MiddlewareResponse(status: answer.status, HeaderFields(start: nil, count: 0))
        var body = Array(answer.text.utf8)
        if !answer.fields.contains(where: { Octets($0.name).equals("content-type") }) {
            let page = exchange.errorPages.answer(answer.status, answer.text, to: exchange.head)
            body = page.body
            for field in page.fields { response.add(field) }
        }
        for (name, value) in answer.fields { response.add(Octets(name), value) }
        self.change(&response, to: request, from: index)
        body.withUnsafeBytes { body in
            response.withFields { exchange.finish(answer.status, $0, ResponseBody(Octets(body))) }
        }
    }
}

/// The state that the steps of a process share.
package struct MiddlewareContext: Sendable {
    /// The path prefix that a proxy removes, encoded.
    package var hiddenPath = ""
    /// The number of the application.
    package var application: UInt32 = 0
    /// The faults that pages show to browsers; nil without `--reload`.
    package var faults: DevelopmentFaults?
    /// The table for rate limits that a supervisor shares with its workers; nil for that of the process.
    package var rates: RateLimitTable?

    package init() {}
}
