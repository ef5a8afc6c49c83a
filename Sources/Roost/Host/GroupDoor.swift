import HTTPRelay
import HTTPServer
import ModuleRuntime
import NIOConcurrencyHelpers
import NIOCore

/// The way to the applications of another group of workers, from every loop of this process. [any]
final class GroupDoor: MountAnswerer {
    private struct Way: Sendable {
        let eventLoop: any EventLoop
        let client: NIOLoopBound<RelayClient>
    }

    /// By the loop's number.
    private let ways: [Way]

    /// `users`: who may answer there.
    init(_ loops: [ServerLoop.Handle], users: Set<UInt32>) async {
        var ways: [Way] = []
        for loop in loops {
            let eventLoop = loop.eventLoop
            // It does not fail: the loop is there.
            let client = try? await eventLoop.submit {
                NIOLoopBound(
                    RelayClient(loop: loop.bound.value, users: users) { OwnAnswer.groupLost.respond(to: $0) },
                    eventLoop: eventLoop)
            }.get()
            if let client { ways.append(Way(eventLoop: eventLoop, client: client)) }
        }
        self.ways = ways
    }

    /// From here on the workers at these sockets answer.
    func use(_ paths: [String]) {
        for way in self.ways { way.eventLoop.execute { way.client.value.use(paths) } }
    }

    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) {
        guard self.ways[loop].client.value.relay(exchange, mount: mounted.number) else {
            return OwnAnswer.groupAway.give(to: exchange)
        }
    }
}
