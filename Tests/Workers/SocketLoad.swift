import Foundation
import TestHarness
import TestSupport

/// Clients of WebSockets that say something, and wait until it comes back.
struct SocketLoad: Load {
    var port: Int
    /// Milliseconds between messages, at most.
    var pause = 20

    func visit(_ tally: Tally) {
        let since = Time()
        do {
            let client = try RawClient(port: self.port)
            let handshake = try client.askForWebSocket("/ws")
            guard handshake.status == 101 else { throw UnexpectedResult("handshake: \(handshake.status)") }
            tally.count { $0.connections += 1 }
            var number = 0
            while !tally.isOver {
                number += 1
                let message = "message \(number)"
                client.send(.text(message))
                guard let frame = try client.readFrameButPings() else {
                    throw UnexpectedResult("ended without a close")
                }
                if frame.opcode == 8 {
                    try expect("close", frame.code, 1012)
                    client.send(.close(1012))
                    // Said again to the next one.
                    tally.count {
                        $0.farewells += 1
                        $0.repeated += 1
                    }
                    return
                }
                try expect("message", frame.text, message)
                tally.count { $0.answered += 1 }
                usleep(.random(in: 0...UInt32(self.pause * 1000)))
            }
        } catch {
            tally.lose(Tally.Loss(since: since, text: "\(error) on a WebSocket"))
        }
    }
}
