package import HTTPServer
import NIOCore
import NIOPosix

/// The front of a relay on one loop: routes exchanges to the workers of another group. Loop-bound.
package final class RelayClient {
    // SAFETY: the loop outlives its clients.
    private unowned(unsafe) let loop: ServerLoop
    /// The user ids that the peer processes may run as.
    private let users: Set<UInt32>
    private var routes: [RelayRoute] = []
    /// Whether there has ever been a worker. Until then the first may still be starting, and exchanges wait for it.
    private var hasHadRoute = false
    private let answerFailure: (any Exchange, RelayFailure) -> Void
    /// Exchanges that wait for an open route, with their mounts and deadlines.
    private var waiting: [(exchange: any Exchange, mount: UInt32, deadline: NIODeadline)] = []
    private var isGivingUpScheduled = false
    /// The longest time an exchange waits for a route to open.
    private static let patience = TimeAmount.seconds(1)

    /// `answerFailure`: answers an exchange that no worker has answered.
    package init(
        loop: ServerLoop, users: Set<UInt32>, answerFailure: @escaping (any Exchange, RelayFailure) -> Void
    ) {
        self.loop = loop
        self.users = users
        self.answerFailure = answerFailure
    }

    /// Sets the socket paths of the workers to use. Workers at other paths get no new exchanges.
    package func use(_ paths: [String]) {
        self.hasHadRoute = self.hasHadRoute || !paths.isEmpty
        for route in self.routes where !paths.contains(route.path) { route.drain() }
        self.routes.removeAll { !paths.contains($0.path) }
        for path in paths where !self.routes.contains(where: { $0.path == path }) {
            let route = RelayRoute(path)
            self.routes.append(route)
            self.connect(route)
        }
        self.loop.turn { self.relayWaiting() }
    }

    /// Hands the exchange to the worker with the fewest exchanges. Returns false if there are no workers left.
    ///
    /// The exchange waits up to `patience` if workers are known but none is connected, or if the first worker may still
    /// be starting.
    package func relay(_ exchange: any Exchange, mount: UInt32) -> Bool {
        var least: RelayRoute?
        for route in self.routes where route.isOpen && route.calls.count < least?.calls.count ?? .max { least = route }
        if let least {
            least.start(exchange, mount: mount)
            return true
        }
        guard !self.hasHadRoute || !self.routes.isEmpty else { return false }
        self.waiting.append((exchange, mount, self.loop.eventLoop.now + Self.patience))
        self.scheduleGivingUp()
        return true
    }

    /// Relays the waiting exchanges after a route has opened, or after the routes have changed.
    private func relayWaiting() {
        let isDecided = self.routes.isEmpty ? self.hasHadRoute : self.routes.contains(where: \.isOpen)
        guard !self.waiting.isEmpty, isDecided else { return }
        let waiting = self.waiting
        self.waiting = []
        for (exchange, mount, _) in waiting {
            // The client may have left meanwhile.
            guard !exchange.isOpen || !self.relay(exchange, mount: mount) else { continue }
            self.giveUp(exchange)
        }
    }

    private func scheduleGivingUp() {
        guard !self.isGivingUpScheduled, let deadline = self.waiting.first?.deadline else { return }
        self.isGivingUpScheduled = true
        self.loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            self.isGivingUpScheduled = false
            let now = self.loop.eventLoop.now
            let late = self.waiting.prefix { $0.deadline <= now }
            self.waiting.removeFirst(late.count)
            self.loop.turn { for (exchange, _, _) in late { self.giveUp(exchange) } }
            self.scheduleGivingUp()
        }
    }

    private func giveUp(_ exchange: any Exchange) {
        self.answerFailure(exchange, .noWorker)
        _ = exchange.end(failed: true)
        exchange.recycle()
    }

    private func connect(_ route: RelayRoute) {
        guard self.routes.contains(where: { $0 === route }), route.link == nil else { return }
        let link = RelayLink(loop: self.loop, serves: false, endpoint: route)
        route.link = link
        route.callLost = { [weak self] call in call.lost { self?.answerFailure($0, .workerLost) } }
        route.closed = { [weak self, weak route] in
            guard let self, let route else { return }
            self.reconnect(route)
        }
        route.opened = { [weak self] in self?.relayWaiting() }
        let users = self.users
        let bound = NIOLoopBound(link, eventLoop: self.loop.eventLoop)
        ClientBootstrap(group: self.loop.eventLoop)
            .channelOption(.recvAllocator, value: RelayLink.reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try RelayLink.addHandlers(bound.value, users: users, to: channel)
                }
            }
            .connect(unixDomainSocketPath: route.path)
            .assumeIsolated()
            .whenFailure { [weak self, weak route] _ in
                guard let self, let route else { return }
                route.link = nil
                self.reconnect(route)
            }
    }

    /// Connects again after a pause, if the route is still in use.
    private func reconnect(_ route: RelayRoute) {
        self.loop.eventLoop.assumeIsolated().scheduleTask(in: route.pause) { [weak self, weak route] in
            if let self, let route { self.connect(route) }
        }
    }
}

@available(*, unavailable)
extension RelayClient: Sendable {}
