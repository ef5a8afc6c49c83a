import HTTPRelay
import HTTPServer
import ModuleRuntime
import NIOCore

/// Relays requests for the applications of another worker group to its workers. [any]
final class GroupAnswerer: MountAnswerer {
    private struct LoopClient: Sendable {
        let eventLoop: any EventLoop
        let client: NIOLoopBound<RelayClient>
    }

    /// One per event loop, by the loop's number.
    private let clients: [LoopClient]

    /// `users`: the users that the group's workers may run as.
    init(_ loops: [ServerLoop.Handle], users: Set<UInt32>) async {
        var clients: [LoopClient] = []
        for loop in loops {
            let eventLoop = loop.eventLoop
            // It does not fail: the loop is there.
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
        case .noWorker: .groupAway
        case .workerLost: .groupLost
        }
    }

    /// Sets the socket paths of the workers that answer.
    func use(_ paths: [String]) {
        for loop in self.clients { loop.eventLoop.execute { loop.client.value.use(paths) } }
    }

    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) {
        guard self.clients[loop].client.value.relay(exchange, mount: mounted.number) else {
            return Self.answer(to: .noWorker).give(to: exchange)
        }
    }
}
