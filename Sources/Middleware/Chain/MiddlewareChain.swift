package import HTTPServer
package import RoostSettings

/// The middleware of a mount, in its order: the first sees a request first, and a response last. Immutable and
/// thread-safe.
package final class MiddlewareChain: Sendable {
    private let steps: [any Middleware]
    private let hiddenPath: String
    /// Whether the chain needs to see responses.
    private let changesResponses: Bool

    /// `hiddenPath`: the path prefix that a proxy removes, encoded. Throws `MiddlewareFault`. Nil for no entries.
    package init?(_ entries: [MiddlewareEntry], hiddenPath: String = "") throws(MiddlewareFault) {
        guard !entries.isEmpty else { return nil }
        self.hiddenPath = hiddenPath
        var steps: [any Middleware] = []
        for entry in entries { steps.append(try MiddlewareKind.make(entry)) }
        self.steps = steps
        self.changesResponses = steps.contains(where: \.changesResponses)
    }

    /// Passes a request through the steps. Returns the exchange for the application; nil if a step has answered.
    package func begin(_ exchange: any Exchange, on loop: ServerLoop) -> (any Exchange)? {
        var request = MiddlewareRequest(
            head: exchange.head, peer: exchange.peer, isFromTrustedProxy: exchange.isFromTrustedProxy,
            hiddenPath: self.hiddenPath)
        for step in self.steps {
            guard let answer = step.examine(&request) else { continue }
            self.give(answer, to: exchange, request)
            return nil
        }
        // A handshake has no response whose header could be changed, and its frames have limits of their own.
        guard self.changesResponses || request.bodyLimit != nil, !exchange.head.asksForWebSocket else {
            return exchange
        }
        return MiddlewareExchange(exchange, self, request, on: loop)
    }

    /// Changes the header of a response: the last step first.
    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        for step in self.steps.reversed() where step.changesResponses { step.change(&response, to: request) }
    }

    private func give(_ answer: MiddlewareAnswer, to exchange: any Exchange, _ request: MiddlewareRequest) {
        var response = MiddlewareResponse(status: answer.status, HeaderFields(start: nil, count: 0))
        if !answer.text.isEmpty, !answer.fields.contains(where: { $0.name == "content-type" }) {
            response.add(HeaderField(name: Octets("content-type"), value: Octets("text/plain; charset=utf-8")))
        }
        var names: [[UInt8]] = []
        for (name, _) in answer.fields { names.append(Array(name.utf8)) }
        for (at, (_, value)) in answer.fields.enumerated() {
            response.add(names[at].withUnsafeBytes { Octets($0) }, value)
        }
        self.change(&response, to: request)
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
