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
        guard !host.isEmpty || !own.isEmpty else { return nil }
        self.hiddenPath = context.hiddenPath
        var steps: [any Middleware] = []
        for (at, entry) in host.enumerated() {
            steps.append(try MiddlewareKind.make(entry, identity: Self.identity("\(at) \(entry)"), context))
        }
        for (at, entry) in own.enumerated() {
            steps.append(try MiddlewareKind.make(entry, identity: Self.identity("\(mount) \(at) \(entry)"), context))
        }
        self.steps = steps
        self.changesResponses = steps.contains(where: \.changesResponses)
    }

    /// FNV-1a, 64 bits.
    private static func identity(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
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
        if !answer.text.isEmpty, !answer.fields.contains(where: { $0.name == "content-type" }) {
            response.add(HeaderField(name: Octets("content-type"), value: Octets("text/plain; charset=utf-8")))
        }
        var names: [[UInt8]] = []
        for (name, _) in answer.fields { names.append(Array(name.utf8)) }
        for (at, (_, value)) in answer.fields.enumerated() {
            response.add(names[at].withUnsafeBytes { Octets($0) }, value)
        }
        self.change(&response, to: request, from: index)
        withExtendedLifetime(names) {
            Array(answer.text.utf8).withUnsafeBytes { text in
                response.withFields {
                    _ = exchange.respond(status: answer.status, fields: $0, body: ResponseBody(Octets(text)))
                }
            }
        }
        _ = exchange.end(failed: false)
        exchange.recycle()
    }
}

/// What the steps of a process share.
package struct MiddlewareContext: Sendable {
    /// The path prefix that a proxy removes, encoded.
    package var hiddenPath = ""
    /// The table for rate limits; nil where the chain is only checked.
    package var rates: RateLimitTable?

    package init() {}
}
