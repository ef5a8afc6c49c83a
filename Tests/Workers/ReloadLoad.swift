import Foundation
import TestHarness
import TestSupport

/// Clients with persistent connections to `Generations.c`. They detect responses from two generations, and measure
/// response times.
struct ReloadLoad: Load {
    var port: Int
    let times = Slowest()

    func visit(_ tally: Tally) {
        let since = Time()
        do {
            let client = try RawClient(port: self.port)
            tally.count { $0.connections += 1 }
            var number = 0
            while !tally.isOver {
                number += 1
                let isWhole = number % 8 != 0
                let start = Time()
                client.send(Case.get(isWhole ? "/app/" : "/app/parts"))
                let response = try client.readResponse()
                guard response.status == 200 else {
                    throw UnexpectedResult("status \(response.status): \(response.text)")
                }
                if isWhole {
                    self.times.take(start.milliseconds)
                } else if Set(response.text).count != 1 || response.text.count != 3 {
                    throw UnexpectedResult("mixed generations: \(response.text)")
                }
                tally.count { $0.answered += 1 }
                guard response.header("connection") != "close" else {
                    tally.count { $0.farewells += 1 }
                    return
                }
                usleep(.random(in: 0...40_000))
            }
        } catch {
            tally.lose(Tally.Loss(since: since, text: "\(error) on a persistent connection"))
        }
    }
}

/// The slowest of many responses, in milliseconds.
final class Slowest: @unchecked Sendable {
    private let lock = NSLock()
    private var kept = 0
    private var slow = 0

    func take(_ milliseconds: Int) {
        self.lock.withLock {
            self.kept = max(self.kept, milliseconds)
            if milliseconds > 100 { self.slow += 1 }
        }
    }

    /// Returns the slowest time since the last call, and the number of times above 100 ms.
    func reset() -> (slowest: Int, slow: Int) {
        self.lock.withLock {
            defer { (self.kept, self.slow) = (0, 0) }
            return (self.kept, self.slow)
        }
    }
}

/// WebSockets of `Generations.c`. Each must stay with one generation until it is closed with 1012.
struct ReloadSockets: Load {
    var port: Int

    func visit(_ tally: Tally) {
        let since = Time()
        do {
            let client = try RawClient(port: self.port)
            let handshake = try client.openWebSocket("/app/ws")
            guard handshake.status == 101 else { throw UnexpectedResult("handshake: \(handshake.status)") }
            tally.count { $0.connections += 1 }
            var version: String?
            while !tally.isOver {
                client.send(.text("who"))
                guard let frame = try client.readNonPingFrame() else {
                    throw UnexpectedResult("connection closed without a close frame")
                }
                if frame.opcode == 8 {
                    try expect("close", frame.code, 1012)
                    client.send(.close(1012))
                    tally.count { $0.farewells += 1 }
                    return
                }
                try expect("generation of a WebSocket", frame.text, version ?? frame.text)
                version = frame.text
                tally.count { $0.answered += 1 }
                usleep(.random(in: 0...40_000))
            }
        } catch {
            tally.lose(Tally.Loss(since: since, text: "\(error) on a WebSocket"))
        }
    }
}
