import HTTPRelay
import HTTPServer
import ModuleRuntime
import NIOCore

/// Relays requests for the applications of another worker group to its workers. Thread-safe.
final class GroupAnswerer: MountAnswerer {
    private struct LoopClient: Sendable {
        let eventLoop: any EventLoop
        let client: NIOLoopBound<RelayClient>
    }

    /// One per event loop, in the order of the loops' numbers.
    private let clients: [LoopClient]

    /// `users`: the users that the group's workers may run as.
    init(_ loops: [ServerLoop.Handle], users: Set<UInt32>) async {
        var clients: [LoopClient] = []
        for loop in loops {
            let eventLoop = loop.eventLoop
            // Does not fail, since the loop exists.
            let client = try? await eventLoop.submit {
                NIOLoopBound(
                    RelayClient(loop: loop.bound.value, users: users) { exchange, failure in
                        Self.answer(to: failure).respond(to: exchange)
                    },
                    eventLoop: eventLoop)
            }.get()
            if let client { clients.append(LoopClient(eventLoop: eventLoop, client: client)) }
        }
        self.clients = clients
    }

    private static func answer(to failure: RelayFailure) -> OwnAnswer {
        switch failure {
        case .noWorker: .groupUnavailable
        case .workerLost: .groupWorkerExited
        }
    }

    /// Sets the socket paths of the group's workers.
    func use(_ paths: [String]) {
        for loop in self.clients { loop.eventLoop.execute { loop.client.value.use(paths) } }
    }

    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) {
        guard self.clients[loop].client.value.relay(exchange, mount: mounted.number) else {
            return Self.answer(to: .noWorker).give(to: exchange)
        }
    }
}
