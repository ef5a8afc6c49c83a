import HTTPServer
import NIOCore

/// Whether a generation is well: asked before it is mounted, where its settings name a path.
extension RunningHost {
    /// Throws `HostError` when it is not.
    func checkHealth(of generation: Generation, _ mount: Mount, at path: String) async throws {
        let loop = self.loops[0]
        let seconds = self.configuration.lifespanTime
        let promise = loop.handle.eventLoop.makePromise(of: Int?.self)
        let (whole, authority) = (mount.path + path, mount.hosts.first?.description ?? "localhost")
        loop.handle.eventLoop.execute {
            let server = loop.handle.bound.value
            let exchange = InnerExchange(path: whole, authority: authority, on: server) { promise.succeed($0) }
            server.turn { loop.scopes.value.begin(exchange, generation) }
        }
        // Not a loop's timer alone: what holds the loop is given up with the generation, by whoever waits for it.
        let late = loop.handle.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) {
            loop.scopes.value.bidFarewell(to: generation)
        }
        let status = try await promise.futureResult.get()
        late.cancel()
        guard let status else {
            _ = try await loop.handle.eventLoop.submit { loop.scopes.value.cancel(generation) }.get()
            throw HostError(
                code: .startup,
                message: "\(generation.name) is not well: no whole answer at \(whole) within \(seconds) seconds")
        }
        guard 200..<400 ~= status else {
            throw HostError(code: .startup, message: "\(generation.name) is not well: \(whole) answered \(status)")
        }
    }
}
