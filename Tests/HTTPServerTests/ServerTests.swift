import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import HTTPServer

@Suite("The server's start and stop")
struct ServerTests {
    private final class NoRequests: RequestHandler {
        func handle(_ exchange: any Exchange) {}
        func release(_ body: ResponseBody) {}
        func trimMemory() {}
    }

    private func makeServer(_ loop: any EventLoop, _ listeners: [Listener]) async throws -> Server {
        let handle = try await loop.submit {
            ServerLoop.Handle(
                ServerLoop(
                    eventLoop: loop, configuration: ServerConfiguration(), count: ConnectionCount(),
                    messages: MessageMemory(most: 0), handler: NoRequests(), log: nil))
        }.get()
        return Server(loops: [handle], listeners: listeners)
    }

    @Test("a stop during the start returns when the loop opens no more channels, and may be ended")
    func stopDuringStart() async throws {
        for yields in 0..<50 {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let listeners = try (0..<8).flatMap { _ in
                try Listener.all(for: .tcp(host: "127.0.0.1", port: 0), backlog: 16)
            }
            let server = try await self.makeServer(group.next(), listeners)
            async let started: Void = server.start()
            for _ in 0..<yields { await Task.yield() }
            try await server.stop(closesIdle: true, grace: .zero, cancelDelay: .zero) { _ in }
            try await group.shutdownGracefully()
            try await started
            for listener in listeners { listener.close() }
        }
    }

    @Test("a closed listener is neither duplicated nor closed again")
    func closedListener() throws {
        let listener = try Listener.all(for: .tcp(host: "127.0.0.1", port: 0), backlog: 16)[0]
        listener.close()
        // The kernel gives the lowest number that is free.
        let other = try Listener.all(for: .tcp(host: "127.0.0.1", port: 0), backlog: 16)[0]
        defer { other.close() }
        listener.close()
        #expect(throws: ListenerError.self) { try listener.duplicate() }
        #expect(fcntl(other.descriptor, F_GETFD) >= 0)
    }
}
