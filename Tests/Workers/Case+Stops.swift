import Foundation
import TestHarness
import TestSupport

/// Graceful shutdowns while clients are connected.
extension Case {
    /// Keeps the cases short that reach the drain timeout.
    private static let short = ["--timeout-graceful-shutdown", "1"]
    private static let stream = Case.get("/stream?1000000")

    static let stops: [Case] = [
        Case("shutdown: an idle connection") { _ in
            let stopping = try Stopping(try Server(Modules.bench)) { client in
                client.send(Case.get("/"))
                try expect("status", try client.readResponse().status, 200)
            }
            try expect("more data", try stopping.client.readMore(), false)
            let time = stopping.time
            // The drain timeout is 30 s; an idle connection must not wait for it.
            guard stopping.start.milliseconds < 10_000 else { throw UnexpectedResult("closed after \(time)") }
            return "closed after \(time); \(try stopping.end())"
        },
        Case("shutdown: 100 times while the worker is being killed") { _ in
            for round in 0..<100 {
                // The supervisor then has nothing to do by itself for 10 s.
                let server = try Server(Modules.bench, ["--timeout-worker", "600"])
                guard let worker = server.workers.first else { throw UnexpectedResult("no worker") }
                let start = Time()
                kill(worker, SIGKILL)
                // The process ends at some moment while the supervisor handles the next signal.
                usleep(UInt32(round % 25) * 50)
                server.signal(SIGTERM)
                _ = try server.waitForEnd()
                guard start.milliseconds < 8000 else {
                    throw UnexpectedResult("the end of the worker was noticed after \(start.seconds)")
                }
            }
            return "no end was missed"
        },
        Case("shutdown: a slow request") { modules in
            let server = try Server(try modules.crashes())
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/slow"))
                try server.log.wait(for: "begun")
            }
            try stopping.finish("late")
            return "completed; \(try stopping.end())"
        },
        Case("shutdown: a request that waits for asgi.shutdown/1") { modules in
            let server = try Server(try modules.crashes())
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/cancelDelay"))
                try server.log.wait(for: "begun")
            }
            try stopping.finish("late")
            return "completed after \(stopping.time); \(try stopping.end())"
        },
        Case("shutdown: an idle WebSocket") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short), Self.open)
            try expect("close code", try stopping.client.readNonPingFrame()?.code, 1012)
            let time = stopping.time
            stopping.client.send(.close(1012))
            try expect("more data", try stopping.client.readMore(), false)
            stopping.client.close()
            return "1012 after \(time); \(try stopping.end())"
        },
        Case("shutdown: a WebSocket that does not answer the close") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short), Self.open)
            try expect("close code", try stopping.client.readNonPingFrame()?.code, 1012)
            return "1012 after \(stopping.time); \(try stopping.end())"
        },
        Case("shutdown: an endless stream") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short)) { client in
                client.send(Self.stream)
                guard try client.readMore() else { throw UnexpectedResult("no stream") }
            }
            _ = stopping.client.skipToEnd()
            stopping.client.close()
            return "aborted after \(stopping.time); \(try stopping.end())"
        },
        Case("shutdown: a slow client of a large response") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short)) { client in
                client.send(Self.stream)
                guard try client.readMore(most: 100) else { throw UnexpectedResult("no stream") }
            }
            return try stopping.end()
        },
        Case("shutdown: an incomplete request header") { _ in
            let stopping = try Stopping(try Server(Modules.bench, short)) { client in
                client.send("\(Case.get("/"))GET / HT")
                try expect("status", try client.readResponse().status, 200)
            }
            _ = stopping.client.skipToEnd()
            stopping.client.close()
            return "closed after \(stopping.time); \(try stopping.end())"
        },
        Case("shutdown: an incomplete request body") { _ in
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
        try expect("handshake", try client.openWebSocket("/ws").status, 101)
    }
}
