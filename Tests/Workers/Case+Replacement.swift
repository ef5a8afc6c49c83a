import Foundation
import TestHarness
import TestSupport

/// Workers that are replaced under load, without lost connections.
extension Case {
    static let replacement: [Case] = [
        Case("two series of three rolling restarts under load") { _ in
            let server = try Server(Modules.bench, ["--workers", "2", "--timeout-graceful-shutdown", "2"])
            let load = try MixedLoad(server)
            let start = Time()
            for number in 1...6 {
                _ = try server.command("reload", "--new-workers")
                try server.log.wait(for: "info ", " reloaded by=\"new workers\" ", count: number)
                try load.kept.wait(forMore: 500)
                // Waits until the old workers, and so their WebSockets, have ended.
                if number % 3 == 0 { try server.waitForWorkers(2) }
            }
            let time = start.seconds
            let figures = try load.stop(closings: 32)
            try server.stop()
            return "\(time); \(figures)"
        },
        Case("--limit-max-requests under load, with two loops per worker") { _ in
            let server = try Server(
                Modules.bench,
                [
                    "--workers", "2", "--threads", "2", "--timeout-graceful-shutdown", "2",
                    "--limit-max-requests", "500", "--limit-max-requests-jitter", "100",
                ])
            let load = try MixedLoad(server)
            let start = Time()
            try server.log.wait(
                for: "replacing worker", "reason=\"request limit reached (--limit-max-requests)\"", count: 8)
            let time = start.seconds
            let figures = try load.stop(closings: 16)
            try server.waitForWorkers(2)
            try server.stop()
            return "8 workers in \(time); \(figures)"
        },
        Case("a reload with half a request body, a WebSocket and an idle connection pending") { _ in
            let server = try Server(Modules.bench)
            let upload = try server.client()
            upload.send("POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n0123456789")
            try wait(for: "the request") { try server.status().workers.contains { $0.unfinished == 1 } }
            let socket = try server.client()
            try expect("handshake", try socket.openWebSocket("/ws").status, 101)
            let idle = try server.client()
            idle.send(Case.get("/"))
            try expect("status", try idle.readResponse().status, 200)
            try server.reload("--new-workers")
            upload.send("0123456789")
            idle.send(Case.get("/"))
            let uploaded = try upload.readResponse()
            try expect("response", uploaded.text, "20")
            for response in [uploaded, try idle.readResponse()] {
                try expect("connection", response.header("connection"), "close")
            }
            socket.send(.text("still"))
            try expect("message", try socket.readNonPingFrame()?.text, "still")
            // The old worker ends with its last client.
            let start = Time()
            for client in [upload, socket, idle] { client.close() }
            try server.waitForWorkers(1)
            let time = start.seconds
            try server.stop()
            return "all got responses; the old worker ended \(time) after its last client"
        },
        Case("--limit-worker-lifetime") { modules in
            let server = try Server(try modules.crashes(), ["--limit-worker-lifetime", "1"])
            let load = Crowd(of: 4, KeepAliveLoad(port: server.port, pause: 10))
            try server.log.wait(
                for: "replacing worker", "reason=\"lifetime reached (--limit-worker-lifetime)\"", count: 3)
            try load.stop()
            guard load.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(load.tally.losses.map(\.text))") }
            try server.stop()
            return "replaced 3 times; \(load.tally.counts.answered) responses, none lost"
        },
    ]
}

/// 64 clients with persistent connections, of which 16 pipeline four requests; 16 WebSockets; 100 new connections per
/// second.
private struct MixedLoad {
    let kept: Crowd
    private let pipelined: Crowd
    private let sockets: Crowd
    private let new: Crowd

    init(_ server: Server) throws {
        let port = server.port
        self.kept = Crowd(of: 48, KeepAliveLoad(port: port, pause: 20))
        self.pipelined = Crowd(of: 16, KeepAliveLoad(port: port, depth: 4, pause: 20))
        self.sockets = Crowd(of: 16, SocketLoad(port: port))
        self.new = Crowd(of: 4, NewConnectionLoad(port: port, rate: 25))
        for crowd in [self.kept, self.pipelined, self.sockets, self.new] { try crowd.wait(forMore: 10) }
    }

    /// Stops the load. Returns its figures; throws if a connection was lost, or if fewer than `closings` WebSockets
    /// were closed.
    func stop(closings: Int) throws -> String {
        let crowds = [self.kept, self.pipelined, self.sockets, self.new]
        for crowd in crowds { crowd.tally.end() }
        for crowd in crowds { try crowd.stop() }
        let losses = crowds.flatMap(\.tally.losses)
        guard losses.isEmpty else {
            throw UnexpectedResult("\(losses.count) lost, \(self.figures): \(losses.prefix(3).map(\.text))")
        }
        let closed = self.sockets.tally.counts.farewells
        guard closed >= closings else {
            throw UnexpectedResult("only \(closed) WebSockets were closed; \(self.figures)")
        }
        return "none lost: \(self.figures)"
    }

    private var figures: String {
        let requests = self.kept.tally.counts + self.pipelined.tally.counts
        let (sockets, new) = (self.sockets.tally.counts, self.new.tally.counts)
        return """
            \(requests.answered) responses on \(requests.connections) persistent connections \
            (\(requests.farewells) closed, \(requests.repeated) pipelined requests to repeat), \
            \(sockets.answered) messages on \(sockets.connections) WebSockets \
            (\(sockets.farewells) closed with 1012), \(new.answered) new connections
            """
    }
}
