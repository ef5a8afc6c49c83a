import Foundation
import TestHarness
import TestSupport

/// Stops while clients are there.
extension Case {
    /// So that who holds on is not waited for long.
    private static let short = ["--timeout-graceful-shutdown", "1"]
    private static let stream = Case.get("/stream?1000000")

    static let stops: [Case] = [
        Case("stop: an idle connection") { _ in
            let stopping = try Stopping(try Server(Modules.bench)) { client in
                client.send(Case.get("/"))
                try expect("status", try client.readResponse().status, 200)
            }
            try expect("more", try stopping.client.readMore(), false)
            let time = stopping.time
            // The time of grace is 30 s: nobody waits for it.
            guard stopping.start.milliseconds < 10_000 else { throw UnexpectedResult("closed after \(time)") }
            return "closed after \(time); \(try stopping.end())"
        },
        Case("stop: a slow request") { modules in
            let server = try Server(try modules.crashes())
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/slow"))
                try server.log.wait(for: "begun")
            }
            try stopping.finish("late")
            return "answered; \(try stopping.end())"
        },
        Case("stop: a request that waits for asgi.shutdown/1") { modules in
            let server = try Server(try modules.crashes())
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/farewell"))
                try server.log.wait(for: "begun")
            }
            try stopping.finish("late")
            return "answered after \(stopping.time); \(try stopping.end())"
        },
        Case("stop: a WebSocket that says nothing") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short), Self.open)
            try expect("close", try stopping.client.readFrameButPings()?.code, 1012)
            let time = stopping.time
            stopping.client.send(.close(1012))
            try expect("more", try stopping.client.readMore(), false)
            stopping.client.close()
            return "1012 after \(time); \(try stopping.end())"
        },
        Case("stop: a WebSocket that does not answer the close") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short), Self.open)
            try expect("close", try stopping.client.readFrameButPings()?.code, 1012)
            return "1012 after \(stopping.time); \(try stopping.end())"
        },
        Case("stop: a stream without end") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short)) { client in
                client.send(Self.stream)
                guard try client.readMore() else { throw UnexpectedResult("no stream") }
            }
            _ = stopping.client.skipToEnd()
            stopping.client.close()
            return "cut after \(stopping.time); \(try stopping.end())"
        },
        Case("stop: a client that does not read a large response") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short)) { client in
                client.send(Self.stream)
                guard try client.readMore(most: 100) else { throw UnexpectedResult("no stream") }
            }
            return try stopping.end()
        },
        Case("stop: half a head") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short)) { client in
                client.send("\(Case.get("/"))GET / HT")
                try expect("status", try client.readResponse().status, 200)
            }
            _ = stopping.client.skipToEnd()
            stopping.client.close()
            return "closed after \(stopping.time); \(try stopping.end())"
        },
        Case("stop: half a body") { _ in
            let server = try Server(Modules.bench, short)
            let stopping = try Stopping(server) { client in
                client.send("POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n0123456789")
                try wait(for: "the request") { try server.status().workers.contains { $0.unfinished == 1 } }
            }
            _ = stopping.client.skipToEnd()
            stopping.client.close()
            return "closed after \(stopping.time); \(try stopping.end())"
        },
    ]

    private static func open(_ client: RawClient) throws {
        try expect("handshake", try client.askForWebSocket("/ws").status, 101)
    }
}
